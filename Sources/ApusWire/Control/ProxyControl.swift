/// What a proxy is told once, first. Times are milliseconds, sizes bytes.
package struct ProxySettings: Equatable, Sendable {
    /// Which proxy this is, from 0: its region of the shared metrics is `slot + 1`.
    package var slot = 0
    package var metricsRegionCount = 0
    /// How many processors the server may use, all its processes together.
    package var processorCount = 1
    package var serverName = "apus"
    /// All bodies that are held at once.
    package var bufferedByteLimit = 512 << 20
    package var headByteLimit = 16 << 10
    package var fieldCountLimit = 100
    package var connectionLimit = 10_000
    package var firstByteMilliseconds = 10_000
    package var headMilliseconds = 10_000
    /// How long a body may come slower than the least rate, and that rate in bytes a second.
    package var bodyGraceMilliseconds = 5_000
    package var bodyBytesPerSecond = 1024
    package var writeMilliseconds = 30_000
    package var idleMilliseconds = 75_000
    package var defaultModel = ""
    /// More paths to the default model and to the server's readiness; empty for none.
    package var predictRoute = ""
    package var healthRoute = ""
    package var logsAccess = false
    /// Clients may load and unload models.
    package var allowsModelControl = false
    /// How long a request that ended two workers is refused; 0: it is not.
    package var quarantineMilliseconds = 60_000
    /// Secret of one server, so that nobody can aim at a fingerprint.
    package var fingerprintKey0: UInt64 = 0
    package var fingerprintKey1: UInt64 = 0

    package init() {}

    func write(to writer: inout ControlWriter) {
        for value in numbers { writer.write(value) }
        writer.write(serverName)
        writer.write(defaultModel)
        writer.write(predictRoute)
        writer.write(healthRoute)
        writer.write(logsAccess)
        writer.write(allowsModelControl)
        writer.write(fingerprintKey0)
        writer.write(fingerprintKey1)
    }

    init(reading reader: inout ControlReader) throws(ControlError) {
        for key in Self.numberKeys { self[keyPath: key] = try reader.read() }
        serverName = try reader.readString()
        defaultModel = try reader.readString()
        predictRoute = try reader.readString()
        healthRoute = try reader.readString()
        logsAccess = try reader.readBool()
        allowsModelControl = try reader.readBool()
        fingerprintKey0 = try reader.read()
        fingerprintKey1 = try reader.read()
    }

    private var numbers: [Int] { Self.numberKeys.map { self[keyPath: $0] } }

    private static var numberKeys: [WritableKeyPath<ProxySettings, Int>] {
        [
            \.slot, \.metricsRegionCount, \.processorCount, \.bufferedByteLimit,
            \.headByteLimit, \.fieldCountLimit, \.connectionLimit, \.firstByteMilliseconds, \.headMilliseconds,
            \.bodyGraceMilliseconds, \.bodyBytesPerSecond, \.writeMilliseconds, \.idleMilliseconds,
            \.quarantineMilliseconds,
        ]
    }
}

/// How much a model takes at once, and how long a request may take.
package struct ModelLimits: Equatable, Sendable {
    package var bodyByteLimit = 64 << 20
    package var queueCapacity = 1024
    /// From a request's arrival to its 504.
    package var requestMilliseconds = 30_000

    package init() {}

    func write(to writer: inout ControlWriter) {
        writer.write(bodyByteLimit)
        writer.write(queueCapacity)
        writer.write(requestMilliseconds)
    }

    init(reading reader: inout ControlReader) throws(ControlError) {
        bodyByteLimit = try reader.read()
        queueCapacity = try reader.read()
        requestMilliseconds = try reader.read()
    }
}

/// One worker that a proxy may send to.
package struct WorkerRoute: Equatable, Sendable {
    package var serial: UInt32
    package var socketPath: String

    package init(serial: UInt32, socketPath: String) {
        self.serial = serial
        self.socketPath = socketPath
    }
}

/// One version of one model, as a proxy knows it.
package struct ModelRoute: Equatable, Sendable {
    /// The states of the V2 repository index.
    package enum State: UInt8, Sendable { case loading = 1, ready = 2, unavailable = 3, unloading = 4
        /// A client has unloaded it: it is in the index, and is not served.
        case unloaded = 5
    }

    package var name: String
    package var version: Int
    /// Names for this version, such as `stable`; no two versions of a model share one.
    package var labels: [String] = []
    /// Another template of the same version is another generation.
    package var generation: UInt32
    package var state: State
    /// Why it is not ready; empty otherwise.
    package var reason: String
    package var limits: ModelLimits
    /// Nil until it has been loaded once.
    package var description: ModelDescription?
    package var workers: [WorkerRoute]

    package init(
        name: String, version: Int, generation: UInt32, state: State, reason: String,
        limits: ModelLimits, description: ModelDescription?, workers: [WorkerRoute]
    ) {
        self.limits = limits
        self.name = name
        self.version = version
        self.generation = generation
        self.state = state
        self.reason = reason
        self.description = description
        self.workers = workers
    }

    func write(to writer: inout ControlWriter) {
        writer.write(name)
        writer.write(version)
        writer.write(labels) { $0.write($1) }
        writer.write(generation)
        writer.write(state.rawValue)
        writer.write(reason)
        limits.write(to: &writer)
        writer.write(description != nil)
        description?.write(to: &writer)
        writer.write(workers) {
            $0.write($1.serial)
            $0.write($1.socketPath)
        }
    }

    init(reading reader: inout ControlReader) throws(ControlError) {
        name = try reader.readString()
        version = try reader.read()
        labels = try reader.readList { (reader) throws(ControlError) in try reader.readString() }
        generation = try reader.read()
        guard let state = State(rawValue: try reader.read()) else { throw .badValue("model state") }
        self.state = state
        reason = try reader.readString()
        limits = try ModelLimits(reading: &reader)
        description = try reader.readBool() ? try ModelDescription(reading: &reader) : nil
        workers = try reader.readList { (reader) throws(ControlError) in
            WorkerRoute(serial: try reader.read(), socketPath: try reader.readString())
        }
    }
}

/// Why a worker is gone, as far as it decides what becomes of its requests (HARDENING §2).
package enum WorkerDeath: UInt8, Sendable {
    /// Killed from outside, or it never worked: its requests may be repeated without a second thought.
    case external = 1
    /// It crashed: what it was running may be the cause.
    case crash = 2
    /// Killed because a run did not end by its deadline.
    case deadline = 3
}

/// The supervisor's orders to a proxy.
package enum ProxyOrder: Equatable, Sendable {
    /// Once, first.
    case configure(ProxySettings)
    /// Everything that is served now. Replaces what was said before.
    case routes([ModelRoute])
    /// A worker's end, so that its requests find their place.
    case workerExited(serial: UInt32, death: WorkerDeath)
    /// Log from this level on, by swift-log's name for it.
    case logLevel(String)
    /// The model that a client of this proxy wanted changed is; or why not, for the client; empty when it is.
    case modelChanged(id: UInt64, refusal: String)
    /// Accept no more; finish what is there; exit when it is done or the time is up.
    case drain(milliseconds: Int)
    /// Accept no more; let each connection end with its next answer; drain the rest when the time is up.
    case retire(milliseconds: Int)
    /// What another proxy found out about a request.
    case suspicion(Suspicion)
}

extension ProxyOrder: ControlMessage {
    package func write(to writer: inout ControlWriter) {
        switch self {
        case .configure(let settings):
            writer.write(UInt8(1))
            settings.write(to: &writer)
        case .routes(let models):
            writer.write(UInt8(2))
            writer.write(models) { $1.write(to: &$0) }
        case .workerExited(let serial, let death):
            writer.write(UInt8(3))
            writer.write(serial)
            writer.write(death.rawValue)
        case .drain(let milliseconds):
            writer.write(UInt8(4))
            writer.write(milliseconds)
        case .logLevel(let name):
            writer.write(UInt8(5))
            writer.write(name)
        case .modelChanged(let id, let refusal):
            writer.write(UInt8(6))
            writer.write(id)
            writer.write(refusal)
        case .retire(let milliseconds):
            writer.write(UInt8(7))
            writer.write(milliseconds)
        case .suspicion(let suspicion):
            writer.write(UInt8(8))
            suspicion.write(to: &writer)
        }
    }

    package init(reading reader: inout ControlReader) throws(ControlError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .configure(try ProxySettings(reading: &reader))
        case 2:
            self = .routes(
                try reader.readList { (reader) throws(ControlError) in
                    try ModelRoute(reading: &reader)
                })
        case 3:
            let serial: UInt32 = try reader.read()
            guard let death = WorkerDeath(rawValue: try reader.read()) else {
                throw .badValue("death")
            }
            self = .workerExited(serial: serial, death: death)
        case 4: self = .drain(milliseconds: try reader.read())
        case 5: self = .logLevel(try reader.readString())
        case 6: self = .modelChanged(id: try reader.read(), refusal: try reader.readString())
        case 7: self = .retire(milliseconds: try reader.read())
        case 8: self = .suspicion(try Suspicion(reading: &reader))
        case let kind: throw .unknownKind(kind)
        }
    }
}

/// A proxy's reports to the supervisor.
package enum ProxyReport: Equatable, Sendable {
    /// It accepts connections.
    case ready
    /// The worker holds a request past its deadline; the client has its answer already.
    case workerStuck(serial: UInt32)
    /// A client asked for another log level, by swift-log's name for it.
    case logLevel(String)
    /// A client wants a model loaded, or unloaded.
    case changeModel(id: UInt64, name: String, loads: Bool)
    /// What it found out about a request.
    case suspicion(Suspicion)
}

extension ProxyReport: ControlMessage {
    package func write(to writer: inout ControlWriter) {
        switch self {
        case .ready: writer.write(UInt8(1))
        case .workerStuck(let serial):
            writer.write(UInt8(2))
            writer.write(serial)
        case .logLevel(let name):
            writer.write(UInt8(3))
            writer.write(name)
        case .changeModel(let id, let name, let loads):
            writer.write(UInt8(4))
            writer.write(id)
            writer.write(name)
            writer.write(loads)
        case .suspicion(let suspicion):
            writer.write(UInt8(5))
            suspicion.write(to: &writer)
        }
    }

    package init(reading reader: inout ControlReader) throws(ControlError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .ready
        case 2: self = .workerStuck(serial: try reader.read())
        case 3: self = .logLevel(try reader.readString())
        case 4:
            self = .changeModel(
                id: try reader.read(), name: try reader.readString(), loads: try reader.readBool())
        case 5: self = .suspicion(try Suspicion(reading: &reader))
        case let kind: throw .unknownKind(kind)
        }
    }
}
