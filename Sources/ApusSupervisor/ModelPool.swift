import ApusControl
import ApusLog
import ApusLoop
import ApusWire
import Glibc
import Logging

/// One generation of one model version: its template and its workers.
///
/// The template may die and be started again; its workers serve on meanwhile.
final class ModelPool {
    enum State: Equatable {
        /// The template has not said loaded.
        case loading
        /// The template can fork.
        case loaded
        /// The template says that the model cannot be loaded: nothing is tried again.
        case failed(exitCode: Int32, sentence: String)
        /// The template found nothing new to load, see `TemplateSettings.isAutomatic`.
        case declined(reason: String, isUnfinished: Bool)
    }

    /// A candidate whose workers die, or cannot be forked, more often than this before they serve does not take over.
    private static let candidateRestartLimit = 3

    let wanted: WantedModel
    let generation: UInt32
    private(set) var state = State.loading
    private(set) var description: ModelDescription?
    /// The copy that it is loaded from, once that was made.
    private(set) var snapshot: ModelSnapshot?
    private var keptCopy: KeptCopy?
    var slots: [WorkerSlot]
    /// How many workers it needs, found out when it was loaded, if the configuration leaves that open.
    private(set) var placedWorkerCount: Int?
    /// Workers that finish what they have and end: the process ids by serial.
    var leaving: [UInt32: pid_t] = [:]
    var crashLoop = CrashLoop()
    /// Workers that were seen stopped, by process id, and since when.
    var stoppedSince: [pid_t: UInt64] = [:]
    /// Why we killed processes, until they have ended.
    var endCauses: [pid_t: String] = [:]
    /// Why the last worker that was asked for did not come; nil since one did.
    var forkFailure: String?
    /// How often in a row that was so.
    private var forkFailureCount = 0
    /// Why the last template did not load the model, which the next one may; nil when one did.
    private(set) var loadFailure: String?
    /// The model's files are not the reason of that.
    private var loadFailureMayPass = false
    private(set) var template: Child?
    private(set) var templateRestartCount = 0
    private(set) var lastTemplateExit: ExitReason?
    unowned let supervisor: Supervisor
    private(set) var control: ControlLink<TemplateReport>?
    var workerLinks: [UInt32: ControlLink<WorkerReport>] = [:]
    private var templateBackoff = RestartBackoff(longest: 30_000)
    /// When the template must have loaded the model; `.max` when it is known that this one will not.
    private var loadDeadline: UInt64 = 0
    /// When a template that gets what is left of the processors gets more; `.max` when it needs no more.
    private var raiseDeadline = UInt64.max
    /// When the template said so last.
    private var loadedSince: UInt64 = 0
    private let series: PoolSeries?
    let log: Logger
    /// As a candidate: it takes over even if clients of the serving version cannot go on with it.
    var allowsSchemaChange = false
    /// Why this generation serves and a newer one does not; a sentence.
    var lastRefusal: String?
    private var isRetiring = false
    /// Since when it serves no more and will not again.
    private(set) var retiredAt: UInt64 = 0
    /// It is kept to return, and forks no worker; its template is kept as any other.
    private var isResting = false
    /// Of a reload that nobody asked for by hand: the digests of what is not worth loading. Nil otherwise.
    private let knownDigests: [String]?

    init(_ wanted: WantedModel, generation: UInt32, knownDigests: [String]? = nil, supervisor: Supervisor) {
        self.wanted = wanted
        self.generation = generation
        self.knownDigests = knownDigests
        self.supervisor = supervisor
        series = supervisor.series(of: wanted)
        slots = []
        var log = supervisor.log
        log[metadataKey: "model"] = "\(wanted.name)"
        log[metadataKey: "version"] = "\(wanted.version)"
        self.log = log
        if wanted.workerCount != nil { settleSize() }
    }

    /// At least one worker takes requests.
    var isServing: Bool { slots.contains { $0.state == .serving } }

    /// Everything that was asked for serves.
    var isComplete: Bool { state == .loaded && !slots.isEmpty && slots.allSatisfy { $0.state == .serving } }

    /// As a candidate: why it will not take over. A template that ends before it has loaded is not started again.
    var refusal: Refusal? {
        if case .failed(_, let sentence) = state { return Refusal(sentence: sentence) }
        if let loadFailure, description == nil {
            return Refusal(sentence: loadFailure, mayPass: loadFailureMayPass)
        }
        if let lastTemplateExit, description == nil {
            return Refusal(
                sentence: "the model's template ended while it was loading it: \(lastTemplateExit)",
                mayPass: lastTemplateExit.isFromOutside)
        }
        if let forkFailure, forkFailureCount > Self.candidateRestartLimit {
            return Refusal(sentence: forkFailure, mayPass: true)
        }
        if slots.contains(where: { $0.restartCount > Self.candidateRestartLimit }) {
            return Refusal(sentence: "its workers end as soon as they are started")
        }
        return nil
    }

    /// A start does not wait for it: it will not serve, or nobody knows when.
    var isGivenUpByStart: Bool {
        if case .failed = state { return true }
        let endsAgainAndAgain = templateRestartCount > Self.candidateRestartLimit && !wanted.isRequired
        return loadFailure != nil || crashLoop.isDegraded || description == nil && endsAgainAndAgain
    }

    /// Those whose workers take requests, in the order in which proxies are told of them.
    private var serving: [WorkerSlot] { slots.filter { $0.state == .serving } }

    /// What the proxies are told.
    var route: ModelRoute {
        let workers = serving.map { slot in
            WorkerRoute(serial: slot.serial, socketPath: socketPath(slot.serial))
        }
        var route = ModelRoute(
            name: wanted.name, version: wanted.version, generation: generation, state: routeState,
            reason: reason, limits: wanted.limits, description: description, workers: workers)
        route.labels = wanted.labels
        return route
    }

    /// The process of the worker that a proxy gives its first requests (`DispatchPolicy.proxyIndex`).
    func preferredWorker(ofProxy index: Int) -> pid_t? {
        let serving = serving
        return serving.isEmpty ? nil : serving[index % serving.count].processID
    }

    /// Why it is not ready; empty when it is.
    var reason: String {
        if case .failed(_, let sentence) = state { return sentence }
        if let crashes = crashLoop.reason { return crashes }
        if let loadFailure { return "cannot be loaded for now, tried again and again: \(loadFailure)" }
        if let forkFailure { return "no more workers for now, tried again and again: \(forkFailure)" }
        return lastRefusal ?? ""
    }

    var routeState: ModelRoute.State {
        switch state {
        case .failed, .declined: .unavailable
        case .loading, .loaded:
            if description != nil && isServing { .ready } else { crashLoop.isDegraded ? .unavailable : .loading }
        }
    }

    // MARK: Keeping what is wanted

    /// Does what is missing and allowed now.
    /// - Returns: when to look again, on the loop's clock; nil when nothing waits for time.
    func converge(at now: UInt64) -> UInt64? {
        switch state {
        case .failed, .declined: return nil
        case .loading: return supervisor.isStopping ? nil : convergeTemplate(at: now)
        case .loaded: return isResting ? nil : convergeWorkers(at: now)
        }
    }

    private func convergeTemplate(at now: UInt64) -> UInt64? {
        guard let template else {
            guard templateBackoff.allowsStart(at: now) else { return templateBackoff.readyAt }
            startTemplate(at: now)
            return self.template == nil ? templateBackoff.readyAt : min(loadDeadline, raiseDeadline)
        }
        if now >= loadDeadline {
            let limit = supervisor.settings.loadMilliseconds
            log.error("the model did not load in time; its template is killed", metadata: ["limit_ms": "\(limit)"])
            template.kill(SIGKILL)
            loadDeadline = .max
            failedInTime("it was not loaded, and had not passed its self-test, within \(limit) ms (load-timeout)")
        }
        if now >= raiseDeadline {
            LoadPriority.raise(template.processID)
            raiseDeadline = .max
        }
        let next = min(loadDeadline, raiseDeadline)
        return next == .max ? nil : next
    }

    private func failedInTime(_ sentence: String) {
        guard isTriedAgain(mayPass: true) else {
            return fail(exitCode: ExitStatus.modelCannotLoad.rawValue, sentence)
        }
        loadFailure = sentence
        loadFailureMayPass = false
    }

    /// It cannot be loaded, and is not tried again.
    private func fail(exitCode: Int32, _ sentence: String) {
        state = .failed(exitCode: exitCode, sentence: sentence)
        supervisor.modelFailed(self, exitCode: exitCode, sentence: sentence)
    }

    private func convergeWorkers(at now: UInt64) -> UInt64? {
        settleSize()
        guard !crashLoop.isDegraded else { return convergeProbe(at: now) }
        var next: UInt64?
        for index in slots.indices {
            fill(index, at: now)
            if slots[index].state == .empty { next = min(next ?? .max, slots[index].readyAt) }
        }
        return next
    }

    /// Asks for a worker in that slot when it is empty and its backoff allows it.
    func fill(_ index: Int, at now: UInt64) {
        guard slots[index].fill(serial: supervisor.peekSerial, at: now) == .fork else { return }
        supervisor.restoreRuntime()
        let serial = supervisor.takeSerial()
        control?.send(
            TemplateOrder.fork(
                serial: serial, slot: UInt32(displayIndex(index)), socketPath: socketPath(serial)))
    }

    func socketPath(_ serial: UInt32) -> String {
        supervisor.runtime.workerSocket(generation: generation, serial: serial)
    }

    // MARK: The template

    private func startTemplate(at now: UInt64) {
        templateBackoff.started(at: now)
        do throws(UVError) {
            let (child, stream) = try supervisor.spawn(
                "template", title: "\(wanted.name)@\(wanted.version)", receivesDescriptors: true
            ) { [unowned self] reason in templateExited(reason) }
            template = child
            control = ControlLink(
                stream, on: supervisor.loop,
                onReport: { [unowned self] in handle($0) }, onEnd: {})
            loadDeadline = now + UInt64(supervisor.settings.loadMilliseconds)
            let yields = isCandidate && LoadPriority.lower(child.processID)
            raiseDeadline = yields ? now + LoadPriority.idleMilliseconds : .max
            control?.send(TemplateOrder.load(templateSettings))
        } catch {
            if !isCandidate { log.error("cannot start a template", metadata: ["reason": "\(error)"]) }
            // A start waits for a model that it has to serve.
            if isTriedAgain(mayPass: true) {
                loadFailure = "the process that loads it cannot be started (\(error))"
                loadFailureMayPass = true
            }
            templateBackoff.failed(at: now, jitter: .random(in: -1...1))
            supervisor.changed()
        }
    }

    private var templateSettings: TemplateSettings {
        var settings = TemplateSettings(
            name: wanted.name, version: wanted.version, path: wanted.path,
            onnxRuntimePath: supervisor.settings.onnxRuntimePath, batching: wanted.batching,
            nonfinite: wanted.nonfinite, maxBatchRowCount: wanted.maxBatchRowCount,
            maxDelayNanoseconds: UInt64(wanted.maxDelayMilliseconds) * 1_000_000,
            bodyByteLimit: wanted.limits.bodyByteLimit)
        settings.follow(
            predecessor(among: supervisor.pools), schemaChangeIsAllowed: allowsSchemaChange)
        settings.folder = wanted.folder
        settings.snapshotFolder = supervisor.snapshots.folder(generation: generation)
        // What has been loaded is loaded again; what has not is looked at anew.
        let hasLoaded = description != nil
        settings.snapshotDigest = hasLoaded ? snapshot?.digest ?? "" : ""
        settings.keptFiles = hasLoaded ? keptCopy?.files ?? [] : []
        settings.knownDigests = knownDigests ?? []
        settings.isAutomatic = knownDigests != nil && !hasLoaded
        settings.maxRunNanoseconds = UInt64(wanted.maxRunMilliseconds) * 1_000_000
        settings.outOfRange = wanted.outOfRange
        settings.workerByteLimit = wanted.workerByteLimit
        settings.workerRequestLimit = wanted.workerRequestLimit
        return settings
    }

    private func handle(_ report: TemplateReport) {
        switch report {
        case .copied(let snapshot):
            self.snapshot = snapshot
            keptCopy = KeptCopy(of: snapshot.files, in: supervisor.snapshots.folder(generation: generation))
        case .declined(let reason, let isUnfinished):
            state = .declined(reason: reason, isUnfinished: isUnfinished)
        case .loaded(let description):
            self.description = description
            loadFailure = nil
            loadedSince = supervisor.now
            state = .loaded
            placeWorkers(description)
            log.info(
                "model loaded",
                metadata: [
                    "digest": "\(snapshot?.digest ?? "")",
                    "batching": "\(description.isBatched ? "on" : "off")",
                    "reason": "\(description.batchingReason)",
                    "run_us": "\(description.runNanoseconds / 1000)",
                ])
        case .failed(_, let sentence, let mayPass) where isTriedAgain(mayPass: mayPass):
            // The template is started again, later each time. A candidate is given up, which has its own line, as below.
            if !isCandidate { log.error("the model cannot be loaded for now", metadata: ["reason": "\(sentence)"]) }
            loadFailure = sentence
            loadFailureMayPass = mayPass
            loadDeadline = .max
        case .failed(let exitCode, let sentence, _):
            if !isCandidate { log.error("model cannot be loaded", metadata: ["reason": "\(sentence)"]) }
            fail(exitCode: exitCode, sentence)
        case .forked(let serial, let process):
            adopt(serial, process)
        case .forkFailed(let serial, let sentence):
            log.error("cannot fork a worker", metadata: ["reason": "\(sentence)"])
            forkFailure = sentence
            forkFailureCount += 1
            end(serial)
        }
        supervisor.changed()
    }

    /// Whether the same files are worth another try: they were loaded before, or they were not the reason. A start that
    /// has to fail fails at once.
    private func isTriedAgain(mayPass: Bool) -> Bool {
        description != nil || mayPass && !supervisor.endsWithout(self)
    }

    private var isCandidate: Bool { supervisor.candidates.contains { $0 === self } }

    /// Decides how many workers there are, when nobody else has.
    private func placeWorkers(_ description: ModelDescription) {
        guard wanted.workerCount == nil, placedWorkerCount == nil else { return }
        let count = supervisor.placement.workers(runNanoseconds: description.runNanoseconds)
        placedWorkerCount = count
        settleSize()
        log.info("workers placed", metadata: ["count": "\(count)"])
    }

    private func templateExited(_ reason: ExitReason) {
        let process = template?.processID ?? 0
        template = nil
        control?.close()
        control = nil
        guard !supervisor.isStopping, !isRetiring else { return supervisor.changed() }
        lastTemplateExit = reason
        supervisor.remember(
            .template(generation: generation), process, reason,
            cause: loadDeadline == .max ? "it did not load the model" : nil)
        switch state {
        case .failed, .declined: return supervisor.changed()
        case .loading, .loaded: break
        }
        // One that said why, or was killed because its time was up, has its line already.
        if loadDeadline != .max, !isCandidate { log.error("template exited", metadata: ["reason": "\(reason)"]) }
        // One that was ended from outside after it had loaded the model says nothing against the next, which is wanted
        // at once.
        let hadLoaded = state == .loaded
        let isProven = hadLoaded && supervisor.now >= loadedSince + WorkerSlot.provenMilliseconds
        state = .loading
        templateRestartCount += 1
        series?.templateRestarted()
        if !hadLoaded {
            templateBackoff.failed(at: supervisor.now, jitter: .random(in: -1...1))
        } else if !(isProven && reason.isFromOutside) {
            templateBackoff.died(at: supervisor.now, jitter: .random(in: -1...1))
        }
        for slot in slots where slot.state == .forking { end(slot.serial) }
        supervisor.changed()
    }

    // MARK: The workers

    private func adopt(_ serial: UInt32, _ process: pid_t) {
        let socket = control?.takePassedSocket()
        let index = slots.firstIndex { $0.serial == serial && $0.state == .forking }
        // Before it is adopted: one that has ended already is told at once, and its end counts as any other's.
        if let index {
            slots[index].forked(process)
            forkFailure = nil
            forkFailureCount = 0
        } else {
            leaving[serial] = process
        }
        supervisor.reaper.adopt(process) { [unowned self] reason in
            workerExited(serial, process, reason)
        }
        guard let index, slots[index].serial == serial, slots[index].state == .starting
        else { return socket?.close() ?? () }
        supervisor.pin(process, to: supervisor.placement.processor(ofWorker: displayIndex(index)))
        guard let socket else { return }
        workerLinks[serial] = ControlLink(
            socket, on: supervisor.loop,
            onReport: { [unowned self] (report: WorkerReport) in
                handle(report, from: serial)
            }, onEnd: {})
    }

    func workerReady(_ serial: UInt32) {
        guard let index = slots.firstIndex(where: { $0.serial == serial }) else { return }
        if slots[index].becameReady(at: supervisor.now) == .announce {
            log.debug("worker ready", metadata: ["slot": "\(displayIndex(index))", "serial": "\(serial)"])
            supervisor.changed()
        }
    }

    private func workerExited(_ serial: UInt32, _ process: pid_t, _ reason: ExitReason) {
        let isExpected = reason == .exited(code: 0) && (isRetiring || leaving[serial] != nil)
        stoppedSince[process] = nil
        let cause = endCauses.removeValue(forKey: process)
        if !supervisor.isStopping, !isExpected {
            log.warning(
                "worker exited", metadata: ["reason": "\(reason)", "pid": "\(process)"])
        } else if isExpected {
            log.debug("worker ended as it was told", metadata: ["pid": "\(process)"])
        }
        let death = supervisor.death(of: serial, reason)
        supervisor.announceExit(serial, death)
        if death != .external { supervisor.workerCrashed(in: self, reason) }
        if !isExpected, let index = slots.firstIndex(where: { $0.serial == serial }) {
            supervisor.remember(.worker(generation: generation, slot: index), process, reason, cause: cause)
        }
        // One that we ended over a request's deadline was not at fault either: the next is wanted at once.
        countDeath(of: serial, reason, fromOutside: death != .crash)
        end(serial, fromOutside: death != .crash)
        supervisor.changed()
    }

    /// The slot of that worker is empty again.
    private func end(_ serial: UInt32, fromOutside: Bool = false) {
        workerLinks.removeValue(forKey: serial)?.close()
        leaving[serial] = nil
        unlink(socketPath(serial))
        guard let index = slots.firstIndex(where: { $0.serial == serial && $0.state != .empty })
        else { return }
        if slots[index].state != .forking { series?.workerRestarted() }
        _ = slots[index].ended(
            at: supervisor.now, jitter: .random(in: -1...1), fromOutside: fromOutside)
    }

    /// Kills the worker that holds a request past its deadline.
    /// - Returns: false when it is none of ours.
    func killStuck(_ serial: UInt32) -> Bool {
        let slot = slots.first { $0.serial == serial && $0.state == .serving }
        guard let process = slot?.processID ?? leaving[serial] else { return false }
        log.error("worker stuck in a run past its deadline is killed", metadata: ["pid": "\(process)"])
        endCauses[process] = "it was killed because it still ran a request that was past its deadline"
        kill(process, SIGKILL)
        return true
    }

    func publishMetrics() {
        series?.set(isServed: true, isReady: routeState == .ready)
        series?.setWorkers(.serving, slots.count { $0.state == .serving })
        series?.setWorkers(.starting, slots.count { $0.state == .starting || $0.state == .forking })
    }

    func countReload() { series?.reloaded() }
    func countRefusal() { series?.reloadRefused() }
    func countRollback() { series?.rolledBack() }

    // MARK: Probation

    /// It could serve again if it were kept.
    var canReturn: Bool { state == .loaded && !isRetiring }

    /// Both would answer alike.
    func isSame(as other: ModelPool) -> Bool {
        snapshot?.digest == other.snapshot?.digest && wanted == other.wanted
    }

    /// It serves no more, but may again: its workers end when the proxies have closed their links, its template
    /// stays.
    func rest() {
        guard !isResting else { return }
        isResting = true
        for slot in slots where slot.processID != 0 { leaving[slot.serial] = slot.processID }
        slots = Array(repeating: WorkerSlot(), count: workerCount)
        for link in workerLinks.values { link.send(WorkerOrder.drain) }
        if !supervisor.pools.contains(where: { $0.wanted.label == wanted.label }) {
            series?.set(isServed: false, isReady: false)
        }
    }

    /// Forks workers again.
    func wake() { isResting = false }

    // MARK: The end

    /// It serves no more: workers end when the proxies have closed their links, the template ends now.
    func retire() {
        isRetiring = true
        retiredAt = supervisor.now
        keptCopy = nil
        endLoading()
        control?.close()
        control = nil
        for link in workerLinks.values { link.send(WorkerOrder.drain) }
        if supervisor.pools.allSatisfy({ $0 === self || $0.wanted.version != wanted.version || $0.wanted.name != wanted.name }) {
            series?.set(isServed: false, isReady: false)
        }
    }

    /// Lets every process of this pool go: their control sockets end.
    func stop() {
        endLoading()
        control?.close()
        control = nil
        for link in workerLinks.values { link.close() }
        workerLinks = [:]
    }

    /// A template that copies or loads does not look at its orders.
    private func endLoading() {
        if state == .loading { template?.kill(SIGKILL) }
    }

    /// Nothing of it runs any more.
    var isGone: Bool { template == nil && leaving.isEmpty && slots.allSatisfy { $0.processID == 0 } }

    /// Ends every process of this pool now.
    func killAll() {
        template?.kill(SIGKILL)
        for slot in slots where slot.processID != 0 { kill(slot.processID, SIGKILL) }
        for process in leaving.values { kill(process, SIGKILL) }
    }
}
