/// One message to the service manager, in the words of sd_notify(3).
enum ServiceNotice: Equatable {
    /// The server answers; also the end of a reload.
    case ready(status: String)
    /// A reload has begun.
    /// - Parameter at: microseconds of CLOCK_MONOTONIC, by which the service manager tells this reload from
    ///   an earlier one; it must come in the same message.
    case reloading(at: UInt64, status: String)
    /// The server will end within `microseconds`.
    case stopping(microseconds: UInt64, status: String)
    case status(String)
    /// The loop turns.
    case alive
    /// What is being done now takes up to `microseconds` more.
    case extend(microseconds: UInt64)
    /// Keep the descriptor that comes with this message, and pass it to the next process of this service.
    case store(name: String)
    /// Forget what is stored under that name.
    case forget(name: String)

    /// Of the 4096 bytes that systemd reads of a message.
    static let statusByteLimit = 1024

    /// The message: `NAME=VALUE` in lines.
    var text: String {
        switch self {
        case .ready(let status): "READY=1\n" + Self.line(status)
        case .reloading(let microseconds, let status):
            "RELOADING=1\nMONOTONIC_USEC=\(microseconds)\n" + Self.line(status)
        case .stopping(let microseconds, let status):
            "STOPPING=1\nEXTEND_TIMEOUT_USEC=\(microseconds)\n" + Self.line(status)
        case .status(let status): Self.line(status)
        case .alive: "WATCHDOG=1\n"
        case .extend(let microseconds): "EXTEND_TIMEOUT_USEC=\(microseconds)\n"
        case .store(let name): "FDSTORE=1\nFDNAME=\(name)\n"
        case .forget(let name): "FDSTOREREMOVE=1\nFDNAME=\(name)\n"
        }
    }

    /// One line of valid UTF-8: what is longer is cut between characters, and a control character is a space.
    private static func line(_ status: String) -> String {
        var line = "STATUS="
        for character in status {
            guard line.utf8.count + character.utf8.count <= statusByteLimit else { break }
            let isControl = character.unicodeScalars.contains { $0.properties.generalCategory == .control }
            line.append(isControl ? " " : character)
        }
        return line + "\n"
    }
}
