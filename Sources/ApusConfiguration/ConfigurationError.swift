import ApusModel

/// Why a configuration was refused. The sentence names what was found, where, and what is expected.
package enum ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownKey(String, at: Origin, nearest: String?)
    case badValue(key: String, found: String, expected: String, at: Origin)
    /// The value is a list or a mapping where one value is wanted, or the other way round.
    case badForm(key: String, expected: String, at: Origin)
    case unreadable(path: String, reason: String)
    case notYAML(path: String, line: Int, problem: String)
    /// The path leads to no model, or a name was given that is not allowed.
    case badModel(RepositoryError, at: Origin?)
    case missingPath(at: Origin)
    case unknownDefaultModel(String, models: [String])
    case nothingToServe

    package var description: String {
        switch self {
        case .unknownKey(let key, let origin, let nearest):
            unknown(key, origin) + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        case .badValue(let key, let found, let expected, let origin):
            "'\(key)' is '\(found)' (\(origin)); \(expected) is expected"
        case .badForm(let key, let expected, let origin):
            "'\(key)' has the wrong form (\(origin)); \(expected) is expected"
        case .unreadable(let path, let reason):
            "cannot read the configuration file \(path): \(reason)"
        case .notYAML(let path, let line, let problem):
            "\(path) line \(line) is not valid YAML: \(problem)"
        case .badModel(let error, let origin):
            "\(error)" + (origin.map { " (\($0))" } ?? "")
        case .missingPath(let origin):
            "a model has no path (\(origin)); a file or a folder is expected"
        case .unknownDefaultModel(let name, let models):
            "'default-model' is '\(name)'; one of \(models.joined(separator: ", ")) is expected"
        case .nothingToServe:
            "there is no model to serve; give MODEL, --repository DIR, or a configuration file that names one"
        }
    }

    private func unknown(_ key: String, _ origin: Origin) -> String {
        switch origin {
        case .variable: "unknown variable '\(key)'"
        case .flag: "unknown flag '\(key)'"
        case .file: "unknown key '\(key)' in \(origin)"
        }
    }
}

/// All that is wrong with a configuration; never empty.
package struct ConfigurationErrors: Error, Equatable {
    package let all: [ConfigurationError]
}
