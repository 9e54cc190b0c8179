import ApusLoop
import ApusWire

/// One generation of one model version, as this proxy serves it: its queue and the links to its workers.
///
/// Requests wait here and are bound to a worker only when it has room (DESIGN §3, "Late binding").
final class ServedModel {
    /// The most bytes of bodies in one group, unless its first request alone has more.
    static let groupByteLimit = 4 << 20
    /// A model that runs faster than this keeps a second group at its worker, so that it never waits for us.
    static let fastRunNanoseconds: UInt64 = 500_000
    /// The most that a request is said to cost.
    static let longestNanoseconds: UInt64 = 1_000_000_000

    private(set) var route: ModelRoute
    /// `NAME/VERSION`, for the response field.
    let label: [UInt8]
    let series: ModelSeries
    private(set) var links: [WorkerLink] = []
    var queue = RequestQueue()
    /// Those that wait until the same request has been tried, see `Quarantine`.
    var held = RequestQueue()
    private(set) var deadlines = DeadlineList()
    private(set) var inFlightCount = 0
    var isDirty = false
    /// The proxy looks again soon at what is held back.
    var isLookedAtSoon = false
    /// A link that breaks meanwhile may bring a client's next request here.
    private var isDispatching = false
    private var successor: ServedModel?
    private var isRetired = false
    unowned(unsafe) let proxy: ProxyProcess
    /// What a request costs its worker, a moving average over those answered.
    private var requestNanoseconds: UInt64 = 10_000
    private var group: [ProxyRequest] = []
    private var buffers: [IOBuffer] = []

    init(_ route: ModelRoute, proxy: ProxyProcess) {
        self.route = route
        self.proxy = proxy
        label = Array("\(route.name)/\(route.version)".utf8)
        series = proxy.metrics.series(model: route.name, version: route.version)
    }

    /// At least one worker is connected.
    var hasWorker: Bool { links.contains { $0.state == .open } }

    /// A worker takes requests, or is about to: one that the supervisor has named listens already, and requests wait
    /// for the moment until it is connected.
    var isReady: Bool { route.state == .ready && links.contains(where: \.isPromising) }

    // MARK: The list of workers

    /// Connects to workers that are new, and again to those that could not be reached. One that is gone is dropped when its
    /// requests have found their place.
    func update(_ route: ModelRoute) {
        self.route = route
        let run = route.description?.runNanoseconds ?? .max
        let credits = run < Self.fastRunNanoseconds ? 2 : 1
        // One that is closed is tried again if it is still wanted.
        let known = links.filter { $0.state != .closed || $0.requests.count > 0 }
        // In this order: the supervisor keeps the one that is preferred beside its proxy.
        links = route.workers.map { worker in
            known.first { $0.serial == worker.serial }
                ?? WorkerLink(worker, credits: credits, model: self, proxy: proxy)
        }
        for link in links { link.connectAgain() }
        for link in known where !links.contains(where: { $0 === link }) {
            link.leave()
            if link.state != .closed || link.requests.count > 0 { links.append(link) }
        }
    }

    /// The link's worker is gone, or is nobody's any more.
    func end(_ link: WorkerLink) {
        link.close()
        links.removeAll { $0 === link }
    }

    /// The link's worker is one of ours, as far as the supervisor has said.
    func wants(_ link: WorkerLink) -> Bool { !isRetired && route.workers.contains { $0.serial == link.serial } }

    // MARK: Generations

    /// This model, or who has taken over from it.
    var current: ServedModel {
        var model = self
        while let next = model.successor { model = next }
        return model
    }

    /// Who takes a request that was made for this model; nil when nobody may. Another version has no claim to it while
    /// there are workers, and none at all when the request names its version.
    func taker(of request: ProxyRequest) -> ServedModel? {
        !isRetired || keepsQueue ? self : heir(of: request)
    }

    private func heir(of request: ProxyRequest) -> ServedModel? {
        guard let next = successor?.current, !next.isRetired else { return nil }
        return request.namesVersion && next.route.version != route.version ? nil : next
    }

    /// What a request is told that nobody may take.
    func refusal(of request: ProxyRequest) -> InferenceError {
        request.namesVersion && successor != nil
            ? .unknownVersion(name: route.name, version: route.version) : .unknownModel(name: route.name)
    }

    /// Its successor is another version, and its own workers still take requests.
    private var keepsQueue: Bool {
        guard let successor else { return false }
        return successor.route.version != route.version && hasWorker
    }

    /// It takes no more. What waits is for `handOver` to give away; what is out is answered from here.
    func retire(successor: ServedModel?) {
        self.successor = successor
        isRetired = true
        releaseHeld()
    }

    /// Of a retired model: what waits goes to its successor, in its order and with its deadlines. When that is another
    /// version, what waits is answered by this one, as long as it has workers.
    /// - Returns: the requests that wait for nobody, because there is none that may answer them.
    func handOver() -> [ProxyRequest] {
        guard !keepsQueue else { return [] }
        releaseHeld()
        var stranded: [ProxyRequest] = []
        while let request = queue.last {
            if let heir = heir(of: request) {
                forget(request)
                heir.takeOver(request)
            } else {
                strand(request)
                stranded.append(request)
            }
        }
        return stranded.reversed()
    }

    /// Something waits for a worker, or for the end of a trial.
    private var hasWaiting: Bool { queue.count > 0 || held.count > 0 }

    /// Closes the links that have nothing out. Of a retired model: its workers end when all proxies have done so.
    func closeIdleLinks() {
        if hasWaiting && keepsQueue { return }
        for link in links where link.requests.count == 0 { link.close() }
        links.removeAll { $0.state == .closed }
    }

    /// Of a retired model: nobody has to look at it again.
    var isDone: Bool { links.isEmpty && !hasWaiting && deadlines.first == nil }

    // MARK: The queue

    var isFull: Bool { queue.count + held.count >= route.limits.queueCapacity }

    /// Takes a whole request. It is handed out at the end of this turn.
    func enqueue(_ request: ProxyRequest) {
        queue.append(request)
        wait(request)
    }

    /// Takes a request that has waited elsewhere: it goes before all others, with the deadline it has. Of several the
    /// last one comes first.
    private func takeOver(_ request: ProxyRequest) {
        queue.prepend(request)
        wait(request)
    }

    private func wait(_ request: ProxyRequest) {
        request.state = .queued
        request.model = self
        deadlines.insert(request)
        request.isTimed = true
        proxy.armDeadlines(request.deadline)
        series.setQueueLength(queue.count)
        proxy.markDirty(self)
    }

    /// Back to the head of the queue, with the deadline it had. Of several the last one comes first.
    func requeue(_ request: ProxyRequest) {
        precondition(request.state == .orphaned, "only a lost worker's requests come back")
        if let next = heir(of: request) {
            forget(request)
            return next.takeOver(request)
        }
        request.state = .queued
        inFlightCount -= 1
        queue.prepend(request)
        series.recordRetry()
        series.setQueueLength(queue.count)
        proxy.markDirty(self)
    }

    /// Takes a request out of the queue that is answered without a worker, but not yet.
    func strand(_ request: ProxyRequest) {
        precondition(request.state == .queued, "only what waits is stranded")
        forget(request)
        request.state = .orphaned
        inFlightCount += 1
    }

    /// The request will be answered, or nobody waits for it any more. It must have left its link.
    func forget(_ request: ProxyRequest) {
        if request.state == .queued {
            if request.isHeld { held.remove(request) } else { queue.remove(request) }
            series.setQueueLength(queue.count)
        } else if request.state == .dispatched || request.state == .orphaned {
            inFlightCount -= 1
            series.setInFlight(inFlightCount)
        }
        stopTiming(request)
    }

    /// It has been answered, on time or not.
    func stopTiming(_ request: ProxyRequest) {
        guard request.isTimed else { return }
        request.isTimed = false
        deadlines.remove(request)
    }

    // MARK: Handing out

    /// Before a request is refused because the queue is full: requests that came in this turn may only wait for its
    /// end, with workers that have room.
    /// - Returns: whether there is room now.
    func makeRoom() -> Bool {
        guard !isDispatching, links.contains(where: \.hasCredit) else { return false }
        dispatch(at: Loop.nanoseconds, mayHold: false)
        return !isFull
    }

    /// Gives workers that have room their share of what waits, see `DispatchPolicy`.
    func dispatch(at now: UInt64, mayHold: Bool = true) {
        isDispatching = true
        defer { isDispatching = false }
        if isRetired && !(keepsQueue && hasWaiting) { return closeIdleLinks() }
        guard proxy.quarantine.isEmpty else { return dispatchScreened(at: now, mayHold: mayHold) }
        handOut(at: now, mayHold: mayHold)
    }

    /// Those that are refused are answered last: that may bring their clients' next requests, which were not screened.
    private func dispatchScreened(at now: UInt64, mayHold: Bool) {
        let refused = screen(at: now)
        handOut(at: now, mayHold: mayHold)
        for request in refused { proxy.fail(request, .quarantined(model: route.name)) }
    }

    private func handOut(at now: UInt64, mayHold: Bool) {
        let policy = DispatchPolicy(
            requestNanoseconds: requestNanoseconds, isBatched: route.description?.isBatched ?? false,
            processorCount: proxy.settings.processorCount, proxyIndex: proxy.settings.slot)
        while queue.count > 0 {
            guard let (link, count) = choose(policy, at: now, mayHold: mayHold) else { break }
            fillGroup(count: count)
            inFlightCount += group.count
            link.send(group[...], at: now, buffers: &buffers)
            guard link.state == .open else {
                // It may have answered clients, too: what they brought is screened first.
                proxy.markDirty(self)
                break
            }
        }
        if isHeldBack { proxy.lookAgainSoon(at: self) }
        series.setQueueLength(queue.count)
        series.setInFlight(inFlightCount)
    }

    /// Requests wait though a worker has room, and nobody looks again yet. One that has to be alone waits for an answer.
    private var isHeldBack: Bool {
        guard queue.count > 0, !isLookedAtSoon, queue.first?.isAlone == false else { return false }
        return links.contains(where: \.hasCredit)
    }

    /// A request that has to be alone needs a worker that has nothing else.
    private func choose(_ policy: DispatchPolicy, at now: UInt64, mayHold: Bool) -> (worker: WorkerLink, count: Int)? {
        if queue.first?.isAlone == true { return links.first { $0.isIdle }.map { ($0, 1) } }
        return policy.choose(among: links, waiting: queue.count, at: now, mayHold: mayHold)
    }

    /// Learns what an answered request cost. One that was not run says nothing.
    func learn(_ result: ResultFrame) {
        guard result.runRowCount > 0 else { return }
        requestNanoseconds = (requestNanoseconds * 31 + Self.cost(of: result)) / 32
    }

    /// What a request cost its worker: its own decoding and encoding, and its part of the run. A second at most, whatever
    /// the worker says: its numbers are not looked at before.
    /// - Parameter result: of a request that was run.
    static func cost(of result: ResultFrame) -> UInt64 {
        let (all, isTooMuch) = UInt64(result.requestRowCount).multipliedReportingOverflow(by: result.timing.compute)
        let share = isTooMuch ? longestNanoseconds : all / UInt64(result.runRowCount)
        let own = min(result.timing.decode, longestNanoseconds) + min(result.timing.encode, longestNanoseconds)
        return min(own + min(share, longestNanoseconds), longestNanoseconds)
    }

    private func fillGroup(count: Int) {
        group.removeAll(keepingCapacity: true)
        var byteCount = 0
        while group.count < count, let next = queue.first {
            if !group.isEmpty {
                guard !next.isAlone, byteCount + next.bodyByteCount <= Self.groupByteLimit else { return }
            }
            byteCount += next.bodyByteCount
            queue.remove(next)
            group.append(next)
            if next.isAlone { return }
        }
    }
}
