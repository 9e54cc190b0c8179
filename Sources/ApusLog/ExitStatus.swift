/// Why a process of ours ended, for whoever started it: a shell, systemd, or the supervisor.
///
/// The numbers are those of `sysexits.h`, which lie above what shells and runtimes use themselves.
package enum ExitStatus: Int32, CaseIterable, Error, Sendable {
    case ok = 0
    /// `apus diff`: clients of the old version cannot go on with the new one.
    case incompatible = 1
    /// A flag, a variable or the configuration file is wrong. Starting it again cannot help.
    case usage = 64
    /// The model cannot be loaded, whenever it is tried. The supervisor does not start its template again by itself.
    case modelCannotLoad = 65
    /// No supervisor answers on the admin socket.
    case unavailable = 69
    /// A fault of Apus itself.
    case internalFault = 70
    /// The address cannot be listened on.
    case cannotBind = 71
    /// ONNX Runtime is missing, cannot be loaded or is too old.
    case onnxRuntimeMissing = 72
    /// The runtime directory, a socket in it or a model's private copy cannot be made.
    case cannotCreate = 73
    /// A peer on a private socket broke the protocol.
    case protocolBroken = 76
    /// The supervisor answered and refused: a reload was not accepted.
    case refused = 77

    /// What the README's table says about it.
    package var meaning: String {
        switch self {
        case .ok: "it did what was asked; a drained server too"
        case .incompatible: "`apus diff`: clients of the old version cannot go on with the new one"
        case .usage: "a flag, a variable or the configuration file is wrong"
        case .modelCannotLoad: "the model cannot be loaded"
        case .unavailable: "no supervisor answers on the admin socket"
        case .internalFault: "a fault of Apus itself; the log says where"
        case .cannotBind: "the address cannot be listened on"
        case .onnxRuntimeMissing: "ONNX Runtime is missing, cannot be loaded or is too old"
        case .cannotCreate: "the runtime directory, a socket in it or a model's private copy cannot be made"
        case .protocolBroken: "a peer on a private socket broke the protocol"
        case .refused: "the supervisor refused: a reload was not accepted"
        }
    }

    /// The README's table.
    package static var markdown: String {
        let rows = allCases.map { "| \($0.rawValue) | \($0.meaning) |\n" }
        return "| status | meaning |\n|---|---|\n" + rows.joined()
    }
}
