import ApusControl
import ApusLoop
import ApusWire
import Logging

/// One place for a proxy, and the proxy that fills it now. A restarted one counts on in the same metrics.
final class ProxySlot {
    enum State: String { case starting, ready, draining, exited }

    let index: Int
    private(set) var state = State.exited
    private(set) var child: Child?
    private(set) var restartCount = 0
    private unowned let supervisor: Supervisor
    private(set) var control: ControlLink<ProxyReport>?
    private var backoff = RestartBackoff(longest: 5_000)
    /// When it became ready, on the loop's clock; nil until it is.
    private var readySince: UInt64?

    init(_ index: Int, supervisor: Supervisor) {
        self.index = index
        self.supervisor = supervisor
    }

    /// Starts the proxy when it is missing and the backoff allows it.
    /// - Returns: when to look again, on the loop's clock; nil when nothing waits for time.
    func converge(at now: UInt64) -> UInt64? {
        guard child == nil else { return nil }
        guard backoff.allowsStart(at: now) else { return backoff.readyAt }
        backoff.started(at: now)
        do throws(UVError) {
            let (child, stream) = try supervisor.spawn("proxy", title: "\(index)") {
                [unowned self] reason in exited(reason)
            }
            self.child = child
            state = .starting
            supervisor.pin(child.processID, to: supervisor.placement.processor(ofProxy: index))
            control = ControlLink(
                stream, on: supervisor.loop,
                onReport: { [unowned self] in handle($0) }, onEnd: {})
            configure()
        } catch {
            supervisor.log.error("cannot start a proxy", metadata: ["reason": "\(error)"])
            backoff.failed(at: now, jitter: .random(in: -1...1))
            return backoff.readyAt
        }
        return nil
    }

    func send(_ order: ProxyOrder) { control?.send(order) }

    func drain(milliseconds: Int) {
        guard child != nil else { return }
        state = .draining
        send(.drain(milliseconds: milliseconds))
    }

    private func configure() {
        var settings = supervisor.settings.proxy
        settings.slot = index
        settings.metricsRegionCount = supervisor.settings.proxyCount + 1
        settings.processorCount = supervisor.settings.processors.count
        send(.configure(settings))
        if let level = supervisor.chosenLogLevel { send(.logLevel(level)) }
        send(.routes(supervisor.routes))
        for suspicion in supervisor.suspicions.known(at: supervisor.now) { send(.suspicion(suspicion)) }
    }

    private func handle(_ report: ProxyReport) {
        switch report {
        case .ready:
            if state == .starting { state = .ready }
            readySince = supervisor.now
            supervisor.changed()
        case .workerStuck(let serial):
            supervisor.workerStuck(serial)
        case .logLevel(let name):
            supervisor.logLevelChosen(name)
        case .changeModel(let id, let name, let loads):
            let done = { [unowned self] (refusal: String?) in
                send(.modelChanged(id: id, refusal: refusal ?? ""))
            }
            if loads {
                supervisor.loadModel(name, onDone: done)
            } else {
                supervisor.unloadModel(name, onDone: done)
            }
        case .suspicion(let suspicion):
            supervisor.heard(suspicion, from: index)
        }
    }

    private func exited(_ reason: ExitReason) {
        let process = child?.processID ?? 0
        let now = supervisor.now
        let isProven = readySince.map { now >= $0 + WorkerSlot.provenMilliseconds } ?? false
        let wasReady = readySince != nil
        readySince = nil
        child = nil
        control?.close()
        control = nil
        state = .exited
        supervisor.endTrials(of: index)
        if !supervisor.isStopping {
            supervisor.log.error(
                "proxy exited", metadata: ["slot": "\(index)", "reason": "\(reason)"])
            supervisor.remember(.proxy(index), process, reason)
            restartCount += 1
            supervisor.countProxyRestart()
            // One that had served and was ended from outside says nothing against the next, which is wanted at once.
            if !wasReady {
                backoff.failed(at: now, jitter: .random(in: -1...1))
            } else if !(isProven && reason.isFromOutside) {
                backoff.died(at: now, jitter: .random(in: -1...1))
            }
        }
        supervisor.changed()
    }
}
