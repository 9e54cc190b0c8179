import Glibc
import Logging

/// Sets up the log of a process.
package enum Log {
    /// The variables by which a process tells its children how to log.
    package static let formatVariable = "APUS_LOG_FORMAT"
    package static let levelVariable = "APUS_LOG_LEVEL"

    /// Sends what every `Logger` says to standard error, and gives the logger of this process.
    ///
    /// Call it once, before the first `Logger` is made. A logger's label is the role that its lines
    /// show, so a forked worker makes a logger of its own: `Logger(label: "worker[iris@3#0]")`.
    @discardableResult
    package static func bootstrap(format: LogFormat, level: Logger.Level, role: String) -> Logger {
        bootstrap(format: format, level: level, role: role, lesserLines: .standardError)
    }

    private static func bootstrap(
        format: LogFormat, level: Logger.Level, role: String, lesserLines: LogOutput
    ) -> Logger {
        for output in outputs { output.open(role: role, format: format) }
        LoggingSystem.bootstrap {
            StandardErrorLog(role: $0, format: format, level: level, lesserLines: lesserLines)
        }
        return Logger(label: role)
    }

    /// As `bootstrap(format:level:role:)`, with what the parent put into the variables, and with the log itself as
    /// standard output, where lines that are no warnings go. A value that
    /// is missing or unknown means `text`, `info`: the parent has checked them.
    @discardableResult
    package static func bootstrapChild(role: String) -> Logger {
        let format = variable(formatVariable).flatMap(LogFormat.init(rawValue:))
        let level = variable(levelVariable).flatMap(Logger.Level.init(rawValue:))
        return bootstrap(
            format: format ?? .text, level: level ?? .info, role: role, lesserLines: .standardOutput)
    }

    /// Writes what waits of the log, as far as it is read. A process with a loop calls it now and then.
    package static func flush() {
        for output in outputs { output.flush() }
    }

    /// Writes what still waits of the log, as far as it is read, before the process ends. What a child's standard output
    /// does not take is counted on its standard error, which the parent reads.
    package static func finish() {
        let lostLineCount = LogOutput.standardOutput.finish()
        if lostLineCount > 0 { LogOutput.standardError.tell(droppedLineCount: lostLineCount) }
        LogOutput.standardError.finish()
    }

    private static var outputs: [LogOutput] { [.standardOutput, .standardError] }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
