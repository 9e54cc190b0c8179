import ApusLog
import ApusSupervisor
import Glibc

/// Whether this program was started to take another one's place (SIGUSR2, see `Supervisor.upgradeRequested`).
enum Takeover {
    case none
    /// It is to say by its exit status whether it could: its configuration is read, and nothing is started.
    case check
    case document(TakeoverDocument)

    /// What the variable says; it is taken out of the environment, so that no child sees it.
    static func asked() throws -> Takeover {
        guard let value = getenv(Program.variable).map({ String(cString: $0) }) else { return .none }
        unsetenv(Program.variable)
        if value == "check:\(TakeoverDocument.formVersion)" { return .check }
        guard value.hasPrefix("fd:"), let file = CInt(value.dropFirst(3)) else {
            throw Failure(.usage, "\(Program.variable) is '\(value)', which this version does not know")
        }
        defer { close(file) }
        do {
            return .document(try TakeoverDocument(contents(of: file)))
        } catch {
            throw Failure(.internalFault, "the server cannot be taken over: \(error)")
        }
    }

    private static func contents(of file: CInt) -> [UInt8] {
        var status = stat()
        guard fstat(file, &status) == 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = pread(file, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }
}
