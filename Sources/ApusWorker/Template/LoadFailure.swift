import ApusLog
import ApusModel

/// Why a model version cannot be served.
struct LoadFailure: Error, Equatable {
    var exitCode: ExitStatus
    /// What was found and what to do, for the log, `apus status` and `apus reload`.
    var sentence: String

    /// The model's files are not the reason: the private copy could not be written, no process could be forked.
    var mayPass: Bool { exitCode == .cannotCreate || exitCode == .internalFault }

    /// The self-test ended in a way that no model should.
    static func selfTest(_ sentence: String) -> LoadFailure {
        LoadFailure(exitCode: .modelCannotLoad, sentence: sentence)
    }

    init(exitCode: ExitStatus, sentence: String) {
        self.exitCode = exitCode
        self.sentence = sentence
    }

    init(_ error: EngineError) {
        switch error.kind {
        case .library: exitCode = .onnxRuntimeMissing
        case .model: exitCode = .modelCannotLoad
        }
        sentence = error.description
    }
}
