import ApusWire
import Logging

/// The log's settings as the V2 protocol has them (Triton, "Logging extension"), over a log level.
struct LogSettings: Equatable {
    private(set) var level: Logger.Level

    init(level: Logger.Level) { self.level = level }

    func write(to json: inout JSONWriter) {
        json.member("log_file", "")
        json.member("log_info", level <= .info)
        json.member("log_warning", level <= .warning)
        json.member("log_error", level <= .error)
        json.member("log_verbose_level", level <= .trace ? 2 : level <= .debug ? 1 : 0)
        json.member("log_format", "default")
    }

    /// These settings with the members of `wanted`.
    /// - Throws: `malformed` for an unknown member or a value of another type. `log_file` and `log_format` can be
    ///   set to what they are: the log goes to standard error, in the format that the server was started with.
    func changed(by wanted: JSONValue) throws(InferenceError) -> LogSettings {
        guard case .object(let members) = wanted else { throw .malformed("the body is not a JSON object") }
        var switches = [
            "log_info": level <= .info, "log_warning": level <= .warning, "log_error": level <= .error,
        ]
        var verbosity = level <= .trace ? 2 : level <= .debug ? 1 : 0
        for (name, value) in members {
            switch (name, value) {
            case ("log_info", .bool(let on)), ("log_warning", .bool(let on)), ("log_error", .bool(let on)):
                switches[name] = on
            case ("log_verbose_level", .integer(let number)) where number >= 0: verbosity = number
            case ("log_file", .string("")), ("log_format", .string("default")): break
            case ("log_file", _), ("log_format", _):
                throw .malformed("setting '\(name)' cannot be changed while the server runs")
            case ("log_info", _), ("log_warning", _), ("log_error", _):
                throw .malformed("setting '\(name)' is not true or false")
            case ("log_verbose_level", _):
                throw .malformed("setting 'log_verbose_level' is not a number from 0 on")
            case (_, _):
                throw .malformed("a setting is not known; known are log_info, log_warning, log_error, log_verbose_level")
            }
        }
        return LogSettings(level: Self.level(switches, verbosity))
    }

    /// The lowest level that is on. One level above another that is on cannot be off.
    private static func level(_ switches: [String: Bool], _ verbosity: Int) -> Logger.Level {
        if verbosity > 0 { return verbosity > 1 ? .trace : .debug }
        if switches["log_info"] == true { return .info }
        if switches["log_warning"] == true { return .warning }
        return switches["log_error"] == true ? .error : .critical
    }
}
