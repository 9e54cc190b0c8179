import ApusConfiguration
import ApusLog
import ArgumentParser

/// `apus serve`: the supervisor.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models.",
        discussion: """
            A MODEL is an ONNX file, a folder with numbered versions, or an MLflow model. Every flag has a variable \
            (APUS_MAX_BATCH for --max-batch) and a key of the same name in the configuration file. Flags win over \
            variables, variables over the file.
            """)

    @Argument(help: ArgumentHelp("A model to serve.", valueName: "MODEL | NAME=MODEL"))
    var models: [String] = []

    @Option(help: ArgumentHelp("a YAML file with the same keys", valueName: "FILE"))
    var config: String?

    @OptionGroup var flags: KeyFlags

    func run() throws {
        let resolved = try resolve()
        let configuration = resolved.configuration
        let log = Log.bootstrap(format: configuration.logFormat, level: configuration.logLevel, role: "supervisor")
        log.debug("configuration read", metadata: ["models": "\(configuration.models.count)"])
    }

    private func resolve() throws -> ResolvedConfiguration {
        var sources = ConfigurationSources()
        sources.flags = flags.settings
        sources.models = models
        sources.configurationFile = config
        sources.environment = processEnvironment()
        do {
            return try sources.resolve()
        } catch {
            throw Failure(.usage, error.all.map(\.description))
        }
    }
}
