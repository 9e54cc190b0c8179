import Logging

/// Writes each event to standard error as one line. The lines of several processes on one pipe do not mix, and
/// nobody waits for their reader (`LogOutput`).
package struct StandardErrorLog: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let role: String
    private let format: LogFormat
    /// Where lines below `warning` go.
    private let lesserLines: LogOutput

    /// - Parameter lesserLines: where what is no warning goes. A child's standard error is read by the supervisor, which
    ///   keeps what may explain its end; an access log should not take that way.
    package init(role: String, format: LogFormat, level: Logger.Level, lesserLines: LogOutput = .standardError) {
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
        var line = LogLine(
            time: .now(), level: event.level, role: role, message: event.message.description,
            metadata: all
        ).text(format)
        let output = event.level < .warning ? lesserLines : .standardError
        line.withUTF8 { output.write(UnsafeRawBufferPointer($0)) }
    }
}
