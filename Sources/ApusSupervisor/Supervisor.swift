import ApusLoop
import ApusWire
import Glibc
import Logging

/// Why the supervisor ended.
package enum SupervisorExit: Equatable {
    /// It was told to, and everything was finished.
    case stopped
    /// It was told to, and processes had to be killed.
    case killed
    /// A model named on the command line cannot be served: the template's exit code and sentence.
    case modelFailed(exitCode: Int32, sentence: String)
}

/// The parent of all processes: owns the listening socket and the list of what should run, and compares that
/// with what does once per turn of its loop.
///
/// It never reads a client's byte, never loads ONNX Runtime and never parses a tensor, so nothing that a
/// client or a model does can end it.
package final class Supervisor {
    package let settings: SupervisorSettings
    package private(set) var log: Logger
    let loop: Loop
    let reaper: Reaper
    let runtime: RuntimeDirectory
    let snapshots: SnapshotDirectory
    /// The generations that serve, or are to.
    var pools: [ModelPool] = []
    /// Those that load to take over, and those that were taken over from.
    var candidates: [ModelPool] = []
    var retiring: [ModelPool] = []
    var reload: Reload?
    var reloadRequest: ReloadRequest?
    var reloadCount = 0
    var waitingReloads = ReloadQueue()
    var retries = ReloadRetries()
    /// Why versions are not served that are wanted, and of whose models none is, by `WantedModel.label`.
    var unserved: [String: UnservedVersion] = [:]
    /// Of the reload that is under way: the versions of each model that are to be served.
    var wantedVersions: [String: Set<Int>] = [:]
    /// What was refused last or rolled back from, by `WantedModel.label`.
    var refusedDigests: [String: String] = [:]
    /// Generations that took over a short time ago.
    var probations: [Probation] = []
    /// Models that a client has unloaded, with the versions that they had.
    var unloadedModels: [String: [Int]] = [:]
    private(set) var modelWatch: ModelWatch?
    /// What TTIN and TTOU added to every model's number of workers.
    var workerAdjustment = 0
    private(set) var lastGeneration: UInt32
    var proxies: [ProxySlot] = []
    /// There are as many proxies as there are to be.
    var isPlaced: Bool
    /// By proxy.
    var colocated: [ColocatedProxy] = []
    private(set) var isStopping = false
    private(set) var isReady = false
    let listener: ServerSocket
    private var isListening = true
    let service: ServiceLink
    /// What the last reload was refused for.
    var lastRefusals: [ReloadRefusal] = []
    private let metrics: SupervisorMetrics?
    private(set) var admin: AdminSocket?
    private var signals: [SignalWatch] = []
    private var turn: Timer?
    private var convergence: Timer?
    private var drainLimit: Timer?
    /// The processes of the program whose place this one took, while they last.
    var predecessor: Predecessor?
    var upgrade = UpgradeState.idle
    private(set) var upgradeTimer: Timer?
    var suspicions: SuspicionBook
    /// What children write to standard error, and how those ended that should not have.
    let output: ChildOutput
    var lastExits: [ProcessPlace: LastExit] = [:]
    private var stuck: Set<UInt32> = []
    /// What a client set while we run; nil while it is what the configuration says.
    private(set) var chosenLogLevel: String?
    private var nextSerial: UInt32
    private var sentRoutes: [ModelRoute]?
    private var housekeeping: Timer?
    private var stopRequests = 0
    /// Every process was killed: none is started again.
    private var isKilling = false
    private(set) var exit = SupervisorExit.stopped

    /// Binds the listening socket and takes the runtime directory.
    package init(
        _ settings: SupervisorSettings, log: Logger
    ) throws(SupervisorStartError) {
        self.settings = settings
        self.log = log
        isPlaced = !settings.placesProxies
        lastGeneration = settings.takeover?.lastGeneration ?? 0
        nextSerial = settings.takeover?.nextSerial ?? 1
        workerAdjustment = settings.takeover?.workerAdjustment ?? 0
        unloadedModels = settings.takeover?.unloadedModels ?? [:]
        suspicions = SuspicionBook(milliseconds: settings.proxy.quarantineMilliseconds)
        metrics = settings.metrics.map {
            SupervisorMetrics(MetricsMemory($0.memory).supervisor, startedAt: Self.unixMilliseconds)
        }
        do throws(RuntimeDirectoryError) {
            if let takeover = settings.takeover {
                runtime = RuntimeDirectory(path: takeover.runtimeDirectory, lock: takeover.lock)
            } else {
                runtime = try RuntimeDirectory(path: settings.runtimeDirectory)
            }
        } catch {
            throw .runtimeDirectory(error)
        }
        do throws(RuntimeDirectoryError) {
            snapshots = try SnapshotDirectory(
                in: settings.snapshotDirectory ?? runtime.path, isTakenOver: settings.takeover != nil)
        } catch {
            runtime.remove()
            throw .runtimeDirectory(error)
        }
        do throws(SupervisorStartError) {
            if let takeover = settings.takeover {
                listener = try ServerSocket.takenOver(takeover.listener)
            } else {
                listener = try ServerSocket.open(
                    host: settings.host, port: settings.port, passed: settings.service.sockets)
            }
        } catch {
            snapshots.remove()
            runtime.remove()
            throw error
        }
        service = ServiceLink(settings.service, log: log)
        // Last: a loop with handles on it can only be released after it has run.
        do throws(UVError) {
            loop = try Loop()
            reaper = try Reaper(on: loop)
            output = try ChildOutput(ends: settings.takeover.map { (reading: $0.outputReading, writing: $0.outputWriting) })
        } catch {
            snapshots.remove()
            runtime.remove()
            throw .loop(error)
        }
    }

    /// Runs until it is told to stop or cannot go on. The caller exits the process afterwards.
    package func run() throws(SupervisorStartError) -> SupervisorExit {
        SignalWatch.ignoreBrokenPipes()
        do throws(UVError) {
            admin = try openAdmin()
            try watchSignals()
            try output.start(on: loop)
        } catch {
            throw .loop(error)
        }
        turn = Timer(on: loop) { [unowned self] in settle() }
        convergence = Timer(on: loop) { [unowned self] in settle() }
        drainLimit = Timer(on: loop) { [unowned self] in stopNow() }
        upgradeTimer = Timer(on: loop) { [unowned self] in upgradeTimerFired() }
        housekeeping = Timer(on: loop) { [unowned self] in keepHouse() }
        housekeeping?.start(
            milliseconds: Self.housekeepingMilliseconds, repeating: Self.housekeepingMilliseconds)
        takeOver()
        pools = settings.models.filter { unloadedModels[$0.name] == nil }
            .map { ModelPool($0, generation: takeGeneration(), supervisor: self) }
        watchModels()
        proxies = (0..<(isPlaced ? settings.proxyCount : 1)).map { ProxySlot($0, supervisor: self) }
        log.info("starting", metadata: ["runtime_dir": "\(runtime.path)", "listen": "\(listenAddress)"])
        startService()
        changed()
        loop.run()
        snapshots.remove()
        runtime.remove()
        log.info("stopped")
        return exit
    }

    private func watchModels() {
        guard settings.watchesModels else { return }
        do throws(UVError) {
            modelWatch = try ModelWatch(self)
            modelWatch?.take(settings.models, names: nil)
        } catch {
            log.warning("changed model files will not be seen; reload by hand", metadata: ["reason": "\(error)"])
        }
    }

    private func openAdmin() throws(UVError) -> AdminSocket {
        let answer: AdminSocket.Answer = { [unowned self] line, reply in self.answer(line, reply) }
        guard let descriptor = settings.takeover?.admin else {
            return try AdminSocket(path: runtime.adminSocket, on: loop, answer: answer)
        }
        return try AdminSocket(descriptor: descriptor, on: loop, answer: answer)
    }

    /// Takes the place of the program before, if there was one in this process.
    private func takeOver() {
        guard let takeover = settings.takeover else { return }
        for descriptor in takeover.descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        predecessor = Predecessor(takeover, supervisor: self)
        if !takeover.logLevel.isEmpty { logLevelChosen(takeover.logLevel) }
        HeldSignals.release()
    }

    // MARK: Facts for the pools and proxies

    var now: UInt64 { loop.nowMilliseconds }

    var routes: [ModelRoute] { pools.map(\.route) + unloadedRoutes }

    var listenAddress: String {
        listener.host.contains(":")
            ? "http://[\(listener.host)]:\(listener.port)" : "http://\(listener.host):\(listener.port)"
    }

    /// The serial that `takeSerial` will give.
    var peekSerial: UInt32 { nextSerial }

    /// A number for a worker that no other worker has had.
    func takeSerial() -> UInt32 {
        defer { nextSerial += 1 }
        return nextSerial
    }

    /// A number for a generation that no other has had.
    func takeGeneration() -> UInt32 {
        lastGeneration += 1
        return lastGeneration
    }

    var allPools: [ModelPool] { pools + candidates + retiring + probations.map(\.predecessor) }

    // MARK: Events

    /// Something is not as it was: everything is compared at the end of this turn.
    func changed() { turn?.start(milliseconds: 0) }

    /// Whether the start fails when that model does: it was named on the command line.
    func endsWithout(_ pool: ModelPool) -> Bool {
        pool.wanted.isRequired && !isReady && !isStopping && settings.takeover == nil
            && pools.contains { $0 === pool }
    }

    func modelFailed(_ pool: ModelPool, exitCode: Int32, sentence: String) {
        guard endsWithout(pool) else { return }
        exit = .modelFailed(exitCode: exitCode, sentence: sentence)
        stopNow()
    }

    func announceExit(_ serial: UInt32, _ death: WorkerDeath) {
        for proxy in proxies { proxy.send(.workerExited(serial: serial, death: death)) }
        predecessor?.send(.workerExited(serial: serial, death: death))
    }

    func workerStuck(_ serial: UInt32) {
        let isKilled = allPools.contains { $0.killStuck(serial) } || predecessor?.killStuck(serial) == true
        if isKilled { stuck.insert(serial) }
    }

    /// A client has set the log's level: it holds for the supervisor and all proxies, those to come included.
    func logLevelChosen(_ name: String) {
        guard let level = Logger.Level(rawValue: name) else { return }
        log.logLevel = level
        chosenLogLevel = name
        for proxy in proxies { proxy.send(.logLevel(name)) }
    }

    /// What a worker's end says about its requests.
    func death(of serial: UInt32, _ reason: ExitReason) -> WorkerDeath {
        if stuck.remove(serial) != nil { return .deadline }
        return reason.isFromOutside ? .external : .crash
    }

    // MARK: Once per turn

    private func settle() {
        if isStopping { return settleStopping() }
        beginWaitingReload()
        retryReload()
        settleReload()
        settleProbations()
        settleTakeover()
        placeProxies()
        converge()
        colocate()
        publishRoutes()
        publishMetrics()
        announceReady()
        finishReload()
        settleUpgrade()
        reportToService()
    }

    /// Starts what is missing. While the server drains that is only workers: the requests that are left need them.
    private func converge() {
        let kept = probations.map(\.predecessor)
        var times = (isStopping ? pools : pools + candidates + kept).compactMap { $0.converge(at: now) }
        if !isStopping, acceptsClients, !isWaitingToTakeOver { times += proxies.compactMap { $0.converge(at: now) } }
        if !isStopping { times += probations.filter { !$0.isFailed }.map(\.until) }
        if !isStopping, reload == nil {
            if let next = retries.nextAt { times.append(next) }
            if !waitingReloads.waiting.isEmpty { times.append(now + Self.waitingReloadMilliseconds) }
        }
        if let next = times.min() { convergence?.start(milliseconds: next > now ? next - now : 0) }
    }

    /// Tells every proxy all routes, changed or not: what could not be connected to may be there now.
    func resendRoutes() {
        sentRoutes = nil
        changed()
    }

    func publishRoutes() {
        let routes = routes
        guard routes != sentRoutes else { return }
        sentRoutes = routes
        for proxy in proxies where proxy.state != .exited { proxy.send(.routes(routes)) }
        predecessor?.publish(routes)
    }

    private func announceReady() {
        guard !isReady, !isStopping, isPlaced, proxies.allSatisfy({ $0.state == .ready }) else { return }
        guard pools.allSatisfy({ $0.isServing || $0.isGivenUpByStart }) else { return }
        isReady = true
        if settings.takeover == nil {
            let line = "ready \(listenAddress)\n"
            line.utf8CString.withUnsafeBytes { _ = write(1, $0.baseAddress, $0.count - 1) }
        }
        log.info("ready", metadata: ["listen": "\(listenAddress)"])
    }

    private func answer(_ line: String, _ reply: @escaping ([UInt8]) -> Void) {
        let words = line.split(separator: " ")
        let allows = words.contains("allow-schema-change")
        switch words.filter({ $0 != "allow-schema-change" }).joined(separator: " ") {
        case "status":
            reply(Array("ok\n".utf8) + statusReport() + [UInt8(ascii: "\n")])
        case "reload":
            reload(ReloadRequest(allowsSchemaChange: allows))
            reply(Array("ok\n".utf8))
        case "reload wait":
            let onDone: ([ReloadRefusal]) -> Void = { refusals in
                let sentence = refusals.map(\.description).joined(separator: "; ").replacing("\n", with: " ")
                reply(Array(refusals.isEmpty ? "ok\n".utf8 : "error \(sentence)\n".utf8))
            }
            reload(ReloadRequest(allowsSchemaChange: allows, onDone: [onDone]))
        default:
            reply(Array("error unknown request; known are: status, reload, reload wait\n".utf8))
        }
    }

    // MARK: Metrics

    /// The counters of a pool's version; nil without shared memory.
    func series(of model: WantedModel) -> PoolSeries? {
        metrics?.pool(model: model.name, version: model.version)
    }

    func countOutOfRange(_ counts: [FeatureCount], of model: WantedModel) {
        for entry in counts {
            metrics?.outOfRange(entry.count, feature: entry.feature, model: model.name, version: model.version)
        }
    }

    func countProxyRestart() { metrics?.proxyRestarted() }

    private func publishMetrics() {
        metrics?.setProxies(proxies.count { $0.state == .ready })
        for pool in pools { pool.publishMetrics() }
    }

    private static var unixMilliseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }

    // MARK: Stopping

    private func watchSignals() throws(UVError) {
        for number in [SIGTERM, SIGINT] {
            signals.append(try SignalWatch(number, on: loop) { [unowned self] in stopRequested() })
        }
        signals.append(try SignalWatch(SIGQUIT, on: loop) { [unowned self] in stopNow() })
        signals.append(
            try SignalWatch(SIGHUP, on: loop) { [unowned self] in
                reload()
            })
        signals += try watchLesserSignals()
    }

    /// TERM or INT: drain; the second one: now.
    private func stopRequested() {
        stopRequests += 1
        guard stopRequests == 1 else { return stopNow() }
        beginStopping()
        log.info("draining", metadata: ["limit_ms": "\(settings.drainMilliseconds)"])
        for proxy in proxies { proxy.drain(milliseconds: settings.drainMilliseconds) }
        predecessor?.send(.drain(milliseconds: settings.drainMilliseconds))
        // A proxy ends by itself when its time is up; this is for one that cannot.
        drainLimit?.start(milliseconds: UInt64(settings.drainMilliseconds) + 2_000)
        changed()
    }

    /// No client comes any more, and nobody waits for what will not come either.
    private func beginStopping() {
        isStopping = true
        stopListening()
        endUpgradeCheck()
        abandonReloads()
    }

    private func stopNow() {
        beginStopping()
        isKilling = true
        if exit == .stopped { exit = .killed }
        for proxy in proxies { proxy.child?.kill(SIGKILL) }
        for pool in allPools { pool.killAll() }
        predecessor?.killAll()
        changed()
    }

    private func settleStopping() {
        reportToService()
        guard proxies.allSatisfy({ $0.child == nil }), predecessor?.hasProxies != true else {
            guard !isKilling else { return }
            converge()
            return publishRoutes()
        }
        for pool in allPools { pool.stop() }
        predecessor?.stop()
        guard allPools.allSatisfy(\.isGone), predecessor?.isGone ?? true else { return }
        admin?.close()
        service.close()
        modelWatch?.close()
        reaper.close()
        output.close()
        for signal in signals { signal.close() }
        for timer in [turn, convergence, drainLimit, upgradeTimer, housekeeping] { timer?.close() }
        turn = nil
        SignalWatch.ignoreStopRequests()  // what comes between here and the exit changes nothing any more
    }

    /// Once the proxies have closed their ends, too, new clients are refused instead of kept waiting.
    private func stopListening() {
        guard isListening else { return }
        isListening = false
        close(listener.descriptor)
    }
}

/// Why the supervisor cannot start.
package enum SupervisorStartError: Error, CustomStringConvertible {
    case loop(UVError)
    case runtimeDirectory(RuntimeDirectoryError)
    case cannotBind(host: String, port: UInt16, UVError)
    /// The service manager passed a socket that nobody can listen on.
    case passedSocket(name: String, UVError)
    /// It passed several; their names.
    case tooManySockets([String])

    package var description: String {
        switch self {
        case .loop(let error): "the event loop cannot be made: \(error)"
        case .runtimeDirectory(let error): "\(error)"
        case .cannotBind(let host, let port, let error):
            "cannot listen on \(host):\(port): \(error); choose another address with --listen"
        case .passedSocket(let name, let error):
            "the socket \"\(name)\" that was passed by LISTEN_FDS is no listening TCP socket: \(error)"
        case .tooManySockets(let names):
            "\(names.count) sockets were passed by LISTEN_FDS (\(names.joined(separator: ", "))); apus listens on one"
        }
    }
}

extension ExitReason {
    /// Somebody ended the process, or it was told to end: it is no fault of its own.
    var isFromOutside: Bool {
        switch self {
        case .signaled(SIGKILL), .signaled(SIGTERM), .signaled(SIGINT), .signaled(SIGHUP), .exited(code: 0): true
        case .signaled, .exited: false
        }
    }
}
