import ApusControl
import ApusLog
import ApusLoop
import ApusWire
import Glibc
import Logging

/// A proxy: accepts connections, reads HTTP, and moves whole request bodies to workers and their answers back.
/// It does not know what a tensor is.
///
/// One loop, one thread. What arrives in a turn is handed out at its end, in one write for each worker.
package final class ProxyProcess {
    let loop: Loop
    private(set) var log: Logger
    let settings: ProxySettings
    /// From `settings`, as bytes.
    let vertexRoutes: VertexRoutes
    let limits: HTTPLimits
    let metrics: ProxyMetrics
    let metricsMemory: MetricsMemory
    let requests = RequestTable()
    let timeouts: ConnectionTimeouts
    var knownHeads = KnownHeads()
    /// Bytes are read here first, from clients and from links; heads are written here.
    let clientScratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    let linkScratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
    let headScratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 64)
    var date = DateText()
    /// All bodies that are held now.
    var bufferedByteCount = 0
    private(set) var catalog = ModelCatalog()
    var quarantine: Quarantine
    /// Generations that were replaced and still have requests out.
    private var retired: [ServedModel] = []
    private(set) var hasRoutes = false
    private(set) var isDraining = false
    /// Another proxy has our place: every connection ends with its next answer.
    private(set) var isRetiring = false
    private var retireDeadline: UInt64 = .max
    private var connections: [ObjectIdentifier: ClientConnection] = [:]
    private var dirty: [ServedModel] = []
    /// Those of the turn that ends; it changes places with `dirty`, so that neither is allocated anew.
    private var dispatching: [ServedModel] = []
    /// Those whose workers the supervisor has said nothing of yet, first come first.
    var lostLinks: [(link: WorkerLink, model: ServedModel)] = []
    /// Those that are to be connected again.
    var restingLinks: [WorkerLink] = []
    /// How workers ended whose links have not been lost yet, by serial.
    var deaths: [UInt32: WorkerDeath] = [:]
    private var listener: Listener?
    private var control: ControlLink<ProxyOrder>?
    private var turnEnd: TurnEnd?
    private var tick: Timer?
    /// On the loop's clock.
    var lastTick: UInt64?
    private(set) var deadlineTimer: Timer?
    /// Those whose requests are held back until `soonTimer` fires.
    private var heldBack: [ServedModel] = []
    private var soonTimer: Timer?
    /// When `deadlineTimer` fires, nanoseconds of CLOCK_MONOTONIC; nil while it rests.
    var armedDeadline: UInt64?
    /// Those with requests that were answered 504 and are still out.
    var overdueLinks: [WorkerLink] = []
    /// Clients that wait for a model to be loaded or unloaded, by the number of their request.
    var modelChanges: [UInt64: ModelChange] = [:]
    /// At the limit of connections: clients may be waiting in the kernel.
    private(set) var isPaused = false
    private var graceEnd: UInt64 = .max
    private var drainDeadline: UInt64 = .max
    private var requestIDBase: UInt64
    private var isStopped = false

    init(_ settings: ProxySettings, loop: Loop, metrics memory: MetricsMemory, log: Logger) {
        self.settings = settings
        vertexRoutes = VertexRoutes(settings)
        self.loop = loop
        self.log = log
        metricsMemory = memory
        quarantine = Quarantine(milliseconds: settings.quarantineMilliseconds)
        metrics = ProxyMetrics(memory.proxy(slot: settings.slot))
        var limits = HTTPLimits()
        limits.headByteCount = settings.headByteLimit
        limits.fieldCount = settings.fieldCountLimit
        self.limits = limits
        timeouts = ConnectionTimeouts(
            ProxyTimes(
                firstByte: UInt64(settings.firstByteMilliseconds),
                head: UInt64(settings.headMilliseconds),
                bodyGrace: UInt64(settings.bodyGraceMilliseconds),
                write: UInt64(settings.writeMilliseconds), idle: UInt64(settings.idleMilliseconds)))
        requestIDBase = .random(in: 0...(.max)) & ~0xffff_ffff
    }

    deinit {
        for scratch in [clientScratch, linkScratch, headScratch] { scratch.deallocate() }
    }

    /// How long a drained proxy goes on reading from idle connections.
    private static let drainGraceMilliseconds: UInt64 = 200

    /// A number that no other request of this process has had.
    func nextRequestID() -> UInt64 {
        requestIDBase &+= 1
        return requestIDBase
    }

    // MARK: The process

    /// Takes the control link over and begins to accept.
    /// - Throws: when the descriptor is no socket that can listen. Nothing is left open then.
    func start(_ control: ControlLink<ProxyOrder>, listener descriptor: CInt) throws(UVError) {
        // First, since it alone may fail.
        listener = try Listener(descriptor: descriptor, isUnix: false, on: loop) {
            [unowned self] in accept($0)
        }
        self.control = control
        turnEnd = TurnEnd(on: loop) { [unowned(unsafe) self] in endTurn() }  // closed in `stop`
        tick = Timer(on: loop) { [unowned self] in ticked() }
        deadlineTimer = Timer(on: loop) { [unowned self] in expireRequests() }
        soonTimer = Timer(on: loop) { [unowned self] in lookAgain() }
        tick?.start(
            milliseconds: ConnectionTimeouts.tickMilliseconds,
            repeating: ConnectionTimeouts.tickMilliseconds)
    }

    func handle(_ order: ProxyOrder) {
        switch order {
        case .configure:
            log.error("configured twice; the second is ignored")
        case .routes(let routes):
            update(routes)
        case .workerExited(let serial, let death):
            workerExited(serial, death)
        case .logLevel(let name):
            if let level = Logger.Level(rawValue: name) { log.logLevel = level }
        case .modelChanged(let id, let refusal):
            modelChanged(id, refusal: refusal)
        case .drain(let milliseconds):
            drain(milliseconds)
        case .retire(let milliseconds):
            retire(milliseconds)
        case .suspicion(let suspicion):
            heard(suspicion)
        }
    }

    func sendReport(_ report: ProxyReport) { control?.send(report) }

    /// A client has set the log's level: the supervisor tells all the others.
    func logLevelChosen(_ level: Logger.Level) {
        log.logLevel = level
        control?.send(ProxyReport.logLevel(level.rawValue))
    }

    func report(_ report: ProxyReport) { control?.send(report) }

    /// The supervisor is gone: so are we.
    func controlEnded() { stop() }

    private func stop() {
        guard !isStopped else { return }
        isStopped = true
        listener?.close()
        for connection in Array(connections.values) { connection.close() }
        for model in allModels { for link in model.links { link.close() } }
        control?.close()
        turnEnd?.close()
        tick?.close()
        deadlineTimer?.close()
        soonTimer?.close()
        loop.stop()
    }

    /// Readiness says no from now on, and every answer says close. Connections stay readable for a short grace, so
    /// that a request that was on its way is answered; then we end as soon as nothing is being answered.
    private func drain(_ milliseconds: Int) {
        isDraining = true
        graceEnd = loop.nowMilliseconds + Self.drainGraceMilliseconds
        drainDeadline = loop.nowMilliseconds + UInt64(milliseconds)
    }

    /// A connection that is idle stays: its client may be about to send, and would see it closed.
    private func retire(_ milliseconds: Int) {
        guard !isDraining, !isRetiring else { return }
        isRetiring = true
        retireDeadline = loop.nowMilliseconds + UInt64(milliseconds)
        listener?.close()
        listener = nil
    }

    private func checkRetired() {
        if connections.isEmpty { return stop() }
        guard loop.nowMilliseconds >= retireDeadline else { return }
        isRetiring = false
        drain(Int(Self.drainGraceMilliseconds) + settings.writeMilliseconds)
    }

    private func checkDrained() {
        let now = loop.nowMilliseconds
        guard now >= graceEnd else { return }
        listener?.close()
        listener = nil
        if now >= drainDeadline || !connections.values.contains(where: \.isBusy) { stop() }
    }

    // MARK: Connections

    /// Accepts until there is no room; what is not accepted waits in the kernel.
    private func accept(_ listener: Listener) {
        guard connections.count < settings.connectionLimit else {
            isPaused = true
            return makeRoom()
        }
        do throws(UVError) {
            let stream = try listener.accept()
            let connection = ClientConnection(stream, proxy: self)
            connections[ObjectIdentifier(connection)] = connection
            metrics.connectionOpened()
            makeRoom()
        } catch {
            log.warning("cannot accept a connection", metadata: ["reason": "\(error)"])
        }
    }

    /// Near the limit those that have been idle longest go first (HARDENING §1, row 19). At the limit each answer says
    /// close besides, so that clients which keep their connections busy do not keep the others out.
    private func makeRoom() {
        guard connections.count * 10 >= settings.connectionLimit * 9 else { return }
        for connection in timeouts.oldestIdle(max(1, min(32, connections.count / 8))) {
            connection.close()
        }
    }

    func connectionClosed(_ connection: ClientConnection) {
        connections.removeValue(forKey: ObjectIdentifier(connection))
        forgetChanges(of: connection)
        metrics.connectionClosed()
        if isPaused, let listener, connections.count < settings.connectionLimit {
            isPaused = false
            accept(listener)
        }
    }

    // MARK: Models

    private func update(_ routes: [ModelRoute]) {
        hasRoutes = true
        var models: [ServedModel] = []
        let known = catalog.models
        for route in routes where route.state != .unloaded {
            let model =
                known.first {
                    $0.route.generation == route.generation && $0.route.name == route.name
                        && $0.route.version == route.version
                } ?? ServedModel(route, proxy: self)
            model.update(route)
            models.append(model)
            if route.state == .unavailable { failWaiting(model) }
        }
        catalog = ModelCatalog(models, unloaded: routes.filter { $0.state == .unloaded })
        knownHeads.forgetAll()
        for model in known where !models.contains(where: { $0 === model }) { retire(model) }
        forgetDeaths()
        if !isReported {
            isReported = true
            control?.send(ProxyReport.ready)
        }
    }

    private var isReported = false

    var allModels: [ServedModel] { catalog.models + retired }

    /// Another generation has taken over, or nobody has: what waits goes there, what is out is answered from here.
    private func retire(_ model: ServedModel) {
        let entry = catalog.find(model.route.name)
        let same = entry?.versions.first { $0.route.version == model.route.version }
        retired.append(model)
        model.retire(successor: same ?? entry?.latest)
        forgetRetired()
    }

    private func forgetRetired() {
        for model in retired {
            for request in model.handOver() { fail(request, model.refusal(of: request)) }
        }
        retired.removeAll { model in
            model.closeIdleLinks()
            return model.isDone
        }
    }

    func markDirty(_ model: ServedModel) {
        guard !model.isDirty else { return }
        model.isDirty = true
        dirty.append(model)
    }

    /// Hands out what waits. That may answer clients, whose next requests are handed out, too.
    ///
    /// Timers call it themselves: the loop sleeps between them and a turn's end.
    func endTurn() {
        while !dirty.isEmpty { dispatchDirty() }
    }

    /// Looks at the model again in a millisecond, if nothing happens there before: what waits is held back for more, or
    /// for who is done soon.
    func lookAgainSoon(at model: ServedModel) {
        if heldBack.isEmpty { soonTimer?.start(milliseconds: 1) }
        heldBack.append(model)
        model.isLookedAtSoon = true
    }

    private func lookAgain() {
        for model in heldBack {
            model.isLookedAtSoon = false
            if model.queue.count > 0 { markDirty(model) }
        }
        heldBack.removeAll(keepingCapacity: true)
        endTurn()
    }

    private func dispatchDirty() {
        let now = Loop.nanoseconds
        swap(&dirty, &dispatching)
        for model in dispatching {
            model.isDirty = false
            model.dispatch(at: now)
        }
        dispatching.removeAll(keepingCapacity: true)
    }

    // MARK: Requests

    /// Why a request for `model` would be refused now; nil when it would not.
    func overload(_ model: ServedModel) -> InferenceError? {
        if model.isFull && !model.makeRoom() { return .queueFull(capacity: model.route.limits.queueCapacity) }
        if model.route.state == .ready { return nil }
        // A model that has served will again: its requests wait for the next worker until their deadline.
        let hasServed = model.hasWorker || model.route.description != nil
        if model.route.state == .unavailable || model.route.state == .loading && !hasServed {
            return .noWorker(model: model.route.name)
        }
        return nil
    }

    /// Takes a whole request.
    func submit(_ request: ProxyRequest, from connection: ClientConnection) {
        guard let named = request.model else { preconditionFailure("a request is made for a model") }
        guard let model = named.taker(of: request) else {
            return refuse(request, named.refusal(of: request), from: connection)
        }
        request.model = model
        if let error = overload(model) { return refuse(request, error, from: connection) }
        let now = Loop.nanoseconds
        request.startedAt = connection.current.startedAt
        request.arrivedAt = now
        request.deadline = now + UInt64(model.route.limits.requestMilliseconds) * 1_000_000
        model.enqueue(request)
    }

    /// Answers a request that was never taken.
    private func refuse(_ request: ProxyRequest, _ error: InferenceError, from connection: ClientConnection) {
        bufferedByteCount -= request.bodyByteCount
        connection.current.request = nil
        requests.release(request)
        connection.answer(.error(error, connection.current.servingProtocol))
    }

    /// A worker's answer. The request has left its link.
    func finish(
        _ request: ProxyRequest, _ result: ResultFrame, _ body: UnsafeRawBufferPointer, at now: UInt64
    ) {
        guard let model = request.model else { return }
        if request.isPostponed, retryPostponed(request, result, model, at: now) { return }
        if request.isAlone { acquit(request, model) }
        model.forget(request)
        model.learn(result)
        record(request, result, body.count, model, at: now)
        if let connection = request.connection {
            request.connection = nil
            connection.current.model = model  // another generation or version than the one it was made for, maybe
            let timing = ServerTiming(
                queue: Int(request.queueNanoseconds / 1000),
                decode: Int(result.timing.decode / 1000), batch: Int(result.timing.batchWait / 1000),
                compute: Int(result.timing.compute / 1000), encode: Int(result.timing.encode / 1000))
            release(request)
            if result.isCancelled {
                connection.current.request = nil
                return connection.close()
            }
            connection.answer(result, body, timing)
        } else {
            release(request)
        }
    }

    /// Answers a request that no worker will answer. It must be in no link.
    func fail(_ request: ProxyRequest, _ error: InferenceError) {
        request.model?.forget(request)
        let connection = request.connection
        request.connection = nil
        let shape = request.servingProtocol
        release(request)
        guard let connection else { return }
        connection.current.request = nil
        connection.answer(.error(error, shape))
        connection.resume()
    }

    /// The client has gone. What waits is dropped; what a worker has comes back and finds nobody, and need not be run.
    func abandon(_ request: ProxyRequest) {
        guard request.state == .queued else { return request.cancel() }
        request.model?.forget(request)
        release(request)
    }

    /// Nobody waits for its answer any more. It must be in no list.
    func release(_ request: ProxyRequest) {
        if request.isAlone { endTrial(of: request) }
        bufferedByteCount -= request.bodyByteCount
        requests.release(request)
    }

    // MARK: Time

    private func ticked() {
        noticePause()
        timeouts.expire(at: loop.nowMilliseconds)
        requests.bodies.tick()
        resolveUnexplained()
        connectAgain()
        findStuckWorkers()
        expireQuarantine()
        Log.flush()
        if !retired.isEmpty { forgetRetired() }
        if isPaused { makeRoom() }
        if isRetiring { checkRetired() }
        if isDraining { checkDrained() }
        endTurn()
    }
}
