import ApusConfiguration
import ApusLog
import ApusSupervisor
import ApusWorker
import ArgumentParser
import Logging

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
        let takeover = try Takeover.asked()
        let source = try ConfigurationSource(sources)
        let configuration = source.configuration
        let log = Log.bootstrap(format: configuration.logFormat, level: configuration.logLevel, role: "supervisor")
        defer { Log.finish() }
        var settings = try ServeSettings(source: source, log: log).supervisor()
        if case .check = takeover { throw Failure(.ok, []) }
        if case .document(let document) = takeover { settings.takeover = document }
        ProcessLife.setTitle("apus: supervisor")
        throw end(try start(settings, log))
    }

    private func start(_ settings: SupervisorSettings, _ log: Logger) throws -> SupervisorExit {
        ProcessLife.keepDescriptors()
        do throws(SystemError) {
            try ProcessLife.becomeSubreaper()
        } catch {
            throw Failure(.internalFault, "\(error)")
        }
        do throws(SupervisorStartError) {
            return try Supervisor(settings, log: log).run()
        } catch {
            switch error {
            case .cannotBind, .passedSocket, .tooManySockets: throw Failure(.cannotBind, "\(error)")
            case .runtimeDirectory: throw Failure(.cannotCreate, "\(error)")
            case .loop: throw Failure(.internalFault, "\(error)")
            }
        }
    }

    private func end(_ exit: SupervisorExit) -> Failure {
        switch exit {
        case .stopped, .killed: Failure(.ok, [])
        case .modelFailed(let code, let sentence):
            Failure(ExitStatus(rawValue: code) ?? .modelCannotLoad, sentence)
        }
    }

    private var sources: ConfigurationSources {
        var sources = ConfigurationSources()
        sources.flags = flags.settings
        sources.models = models
        sources.configurationFile = config
        sources.environment = processEnvironment()
        return sources
    }
}
