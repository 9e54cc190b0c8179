import ApusConfiguration
import ApusLog

/// The configuration that holds now, and where it came from.
final class ConfigurationSource {
    private let sources: ConfigurationSources
    private(set) var configuration: Configuration

    init(_ sources: ConfigurationSources) throws {
        self.sources = sources
        configuration = try Self.read(sources)
    }

    /// Takes what the file says now about models: the list, the repository and their settings. Everything else holds
    /// until the server is started again.
    func readAgain() throws {
        let read = try Self.read(sources)
        configuration.models = read.models
        configuration.modelDefaults = read.modelDefaults
        configuration.repository = read.repository
    }

    private static func read(_ sources: ConfigurationSources) throws -> Configuration {
        do {
            return try sources.resolve().configuration
        } catch {
            throw Failure(.usage, error.all.map(\.description))
        }
    }
}
