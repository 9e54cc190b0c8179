import Glibc
import Logging
import Synchronization

/// Writes each event to standard error as one line, in one `write(2)`, so that the lines of several
/// processes on one pipe do not mix (POSIX: a write of at most `PIPE_BUF` bytes is atomic).
package struct StandardErrorLog: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let role: String
    private let format: LogFormat
    /// Where lines below `warning` go.
    private let lesserLines: CInt

    /// - Parameter lesserLines: where what is no warning goes. A child's standard error is read by the supervisor, which
    ///   keeps what may explain its end; an access log should not take that way.
    package init(role: String, format: LogFormat, level: Logger.Level, lesserLines: CInt = STDERR_FILENO) {
        self.role = role
        self.format = format
        self.lesserLines = lesserLines
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let metadataProvider { all.merge(metadataProvider.get()) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let lost = Self.lostLines.exchange(0, ordering: .relaxed)
        if lost > 0 { all["lost-lines"] = "\(lost)" }
        let line = LogLine(
            time: .now(), level: event.level, role: role, message: event.message.description,
            metadata: all)
        let descriptor = event.level < .warning ? lesserLines : STDERR_FILENO
        if !write(line.text(format), to: descriptor) { Self.lostLines.add(lost + 1, ordering: .relaxed) }
    }

    /// Lines that could not be written (a full disk, a full pipe); told with the next line that can.
    private static let lostLines = Atomic<Int>(0)

    private func write(_ line: String, to descriptor: CInt) -> Bool {
        var line = line
        return line.withUTF8 { bytes in
            while true {
                let written = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                if written < 0 && errno == EINTR { continue }
                return written == bytes.count
            }
        }
    }
}
