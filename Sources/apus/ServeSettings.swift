import ApusConfiguration
import ApusLog
import ApusModel
import ApusSupervisor
import ApusWire
import ApusWorker
import Glibc
import Logging

/// From what the user configured to what the supervisor is told.
struct ServeSettings {
    let source: ConfigurationSource
    let log: Logger
    var configuration: Configuration { source.configuration }

    /// Descriptors that are not clients': the loop's, links, logs, and room to answer with.
    private static let reservedDescriptorCount = 256

    func supervisor() throws -> SupervisorSettings {
        var settings = SupervisorSettings()
        settings.host = configuration.listen.host
        settings.port = configuration.listen.port
        settings.runtimeDirectory = configuration.runtimeDirectoryPath(environment: processEnvironment())
        settings.snapshotDirectory = snapshotDirectory
        settings.models = try models()
        settings.locateAgain = { () throws(ReloadError) in
            do {
                try source.readAgain()
                return try models()
            } catch let failure as Failure {
                throw ReloadError(failure.sentences.joined(separator: "; "))
            } catch {
                throw ReloadError("\(error)")
            }
        }
        settings.processors = Processors.numbers
        settings.keep = ProcessorPin.keep(_:on:)
        settings.pins = configuration.pin
        settings.colocates = configuration.colocate == .auto && !configuration.pin
        settings.placesProxies = configuration.proxies == nil
        settings.proxyCount = configuration.proxies ?? Processors.numbers.count
        settings.look = modelsThere
        settings.repository = { source.configuration.repository }
        settings.watchesModels = configuration.reload == .auto
        settings.probationMilliseconds = configuration.probationMilliseconds
        settings.proxy = proxy()
        settings.allowsSchemaChange = configuration.allowSchemaChange
        settings.onnxRuntimePath = configuration.onnxRuntime ?? ""
        settings.drainMilliseconds = configuration.drainTimeoutMilliseconds
        settings.loadMilliseconds = configuration.loadTimeoutMilliseconds
        settings.environment = environment()
        settings.service = try service()
        settings.metrics = try metrics(proxyCount: settings.proxyCount)
        settings.program = program()
        return settings
    }

    /// systemd's cache is on a disk, while its runtime directory is memory. It may name several: the first.
    private var snapshotDirectory: String? {
        let cache = processEnvironment()["CACHE_DIRECTORY"]?.split(separator: ":").first.map(String.init)
        return configuration.snapshotDirectory ?? cache
    }

    /// How this program was started. To be asked before its title is written over the arguments.
    private func program() -> Program? {
        guard let path = realpath("/proc/self/exe", nil) else { return nil }
        defer { free(path) }
        return Program(
            path: String(cString: path), arguments: CommandLine.arguments,
            environment: processEnvironment().map { "\($0.key)=\($0.value)" }
        ) { try? SharedMemory.create(byteCount: $0) }
    }

    // MARK: Models

    private func models() throws -> [WantedModel] {
        do {
            let (models, refused) = try configuration.locateModels()
            for (path, error) in refused {
                log.warning("passed over in the repository", metadata: ["path": "\(path)", "reason": "\(error)"])
            }
            return models.flatMap(wanted)
        } catch {
            throw Failure(.usage, error.all.map(\.description))
        }
    }

    /// What is there of them; nil when the repository itself is not.
    private func modelsThere() -> [WantedModel]? {
        let found = configuration.lookForModels()
        return found.errors.contains(where: isOfRepository) ? nil : found.models.flatMap(wanted)
    }

    /// The fault is not one model's, but hides all those of the repository.
    private func isOfRepository(_ error: ConfigurationError) -> Bool {
        guard case .badModel(let error, _) = error else { return false }
        return switch error {
        case .missing(let path, _): path == configuration.repository
        case .emptyRepository, .duplicateName: true
        case .notONNX, .noModel, .ambiguous, .notONNXFlavor, .badName: false
        }
    }

    private func wanted(_ located: LocatedModel) -> [WantedModel] {
        located.settings.versions.choose(from: located.location.versions).map { wanted(located, $0) }
    }

    private func wanted(_ located: LocatedModel, _ version: ModelLocation.Version) -> WantedModel {
        let settings = located.settings
        var model = WantedModel(
            name: located.location.name, version: version.number, path: version.path,
            workerCount: settings.workers, isRequired: located.isRequired)
        model.source = located.source
        model.folder = located.location.path == version.path ? "" : located.location.path
        model.labels = settings.labels.names(of: version.number)
        model.files = ModelFiles(model: model.path, folder: model.folder).present.map(\.path)
        model.limits.bodyByteLimit = settings.maxBodyByteCount
        model.limits.queueCapacity = settings.queueCapacity
        model.limits.requestMilliseconds = settings.timeoutMilliseconds
        model.batching = BatchingMode(settings.batching)
        model.nonfinite = NonfiniteMode(settings.nonfinite)
        model.outOfRange = OutOfRangeMode(settings.outOfRange)
        model.maxBatchRowCount = settings.maxBatchRows
        model.maxDelayMilliseconds = settings.maxDelayMilliseconds
        model.maxRunMilliseconds = settings.maxRunMilliseconds
        model.workerByteLimit = settings.maxWorkerByteCount ?? 0
        model.workerRequestLimit = settings.maxWorkerRequests ?? 0
        return model
    }

    // MARK: Proxies

    private func proxy() -> ProxySettings {
        var proxy = ProxySettings()
        proxy.serverName = configuration.serverName
        proxy.headByteLimit = configuration.maxHeadByteCount
        proxy.fieldCountLimit = configuration.maxFields
        proxy.connectionLimit = connectionLimit
        proxy.firstByteMilliseconds = configuration.firstByteTimeoutMilliseconds
        proxy.headMilliseconds = configuration.headerTimeoutMilliseconds
        proxy.bodyGraceMilliseconds = configuration.bodyGraceMilliseconds
        proxy.bodyBytesPerSecond = configuration.minBodyBytesPerSecond
        proxy.writeMilliseconds = configuration.writeTimeoutMilliseconds
        proxy.idleMilliseconds = configuration.idleTimeoutMilliseconds
        proxy.defaultModel = configuration.defaultModel ?? ""
        proxy.predictRoute = configuration.predictRoute ?? ""
        proxy.healthRoute = configuration.healthRoute ?? ""
        proxy.logsAccess = configuration.accessLog
        proxy.allowsModelControl = configuration.modelControl
        proxy.quarantineMilliseconds = configuration.quarantineMilliseconds
        proxy.fingerprintKey0 = .random(in: 0...(.max))
        proxy.fingerprintKey1 = .random(in: 0...(.max))
        let largest = configuration.models.map(\.settings.maxBodyByteCount).max() ?? 0
        proxy.bufferedByteLimit = max(
            512 << 20, 4 * max(largest, configuration.modelDefaults.maxBodyByteCount))
        return proxy
    }

    /// Raises the limit of descriptors to what the system allows and leaves some of them free: libuv answers a
    /// full table by closing what waits to be accepted.
    private var connectionLimit: Int {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(kind, &limit)
        limit.rlim_cur = min(limit.rlim_max, 1 << 20)
        setrlimit(kind, &limit)
        let room = max(16, Int(limit.rlim_cur) - Self.reservedDescriptorCount)
        return min(configuration.maxConnections ?? room, room)
    }

    private func metrics(proxyCount: Int) throws -> SharedMetrics {
        let byteCount = MetricsMemory.byteCount(proxies: proxyCount)
        do throws(SystemError) {
            let descriptor = try SharedMemory.create(byteCount: byteCount)
            let memory = try SharedMemory.map(descriptor, byteCount: byteCount)
            return SharedMetrics(descriptor: descriptor, memory: memory)
        } catch {
            throw Failure(.internalFault, "cannot make shared memory for metrics: \(error)")
        }
    }

    /// Ours, with the log's settings; ONNX Runtime's telemetry is off whatever version the user brings.
    private func environment() -> [String] {
        var variables = processEnvironment()
        for variable in ServiceEnvironment.variables { variables[variable] = nil }
        variables["ORT_DISABLE_TELEMETRY"] = "1"
        variables[Log.formatVariable] = configuration.logFormat.rawValue
        variables[Log.levelVariable] = configuration.logLevel.rawValue
        return variables.map { "\($0.key)=\($0.value)" }
    }
}

extension ServeSettings {
    /// What the service manager passed. The sockets are taken once: a program that replaces this one must not take
    /// them for its own.
    private func service() throws -> ServiceEnvironment {
        do throws(ServiceEnvironmentError) {
            let service = try ServiceEnvironment(processEnvironment())
            for variable in ServiceEnvironment.variables where variable.hasPrefix("LISTEN_") { unsetenv(variable) }
            return service
        } catch {
            throw Failure(.usage, "\(error)")
        }
    }
}

extension BatchingMode {
    init(_ batching: Batching) {
        switch batching {
        case .auto: self = .auto
        case .on: self = .on
        case .off: self = .off
        }
    }
}

extension OutOfRangeMode {
    init(_ outOfRange: OutOfRange) {
        switch outOfRange {
        case .allow: self = .allow
        case .warn: self = .warn
        case .reject: self = .reject
        }
    }
}

extension NonfiniteMode {
    init(_ nonfinite: Nonfinite) {
        switch nonfinite {
        case .auto: self = .auto
        case .null: self = .null
        case .token: self = .token
        case .error: self = .error
        }
    }
}
