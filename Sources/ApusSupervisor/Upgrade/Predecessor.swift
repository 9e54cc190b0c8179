import ApusControl
import ApusLoop
import ApusWire
import Glibc
import Logging

/// The processes of the program whose place this one took. They serve until ours can, then end as their requests do.
///
///     serving ──ours are ready──▶ retired ──the last one ends──▶ gone
final class Predecessor {
    private struct Worker {
        var processID: pid_t
        var control: ControlLink<WorkerReport>?
    }

    /// They were told to finish.
    private(set) var isRetired = false
    /// The versions of models that had a worker when the program changed, by `WantedModel.label`.
    let servedVersions: Set<String>
    /// What was said last of models that only these processes serve.
    var lastComplaint = ""
    /// They are of our own version, so they may be told about our workers.
    private let isOfOurVersion: Bool
    private unowned let supervisor: Supervisor
    private var proxies: [pid_t: ControlLink<ProxyReport>?] = [:]
    private var templates: [pid_t: ControlLink<TemplateReport>?] = [:]
    private var workers: [UInt32: Worker] = [:]

    init(_ document: TakeoverDocument, supervisor: Supervisor) {
        self.supervisor = supervisor
        servedVersions = Set(document.servedVersions)
        isOfOurVersion = document.writer == ApusVersion.text
        for child in document.children { adopt(child) }
    }

    var isGone: Bool { proxies.isEmpty && templates.isEmpty && workers.isEmpty }

    var hasProxies: Bool { !proxies.isEmpty }

    /// Nothing that they were told is still on our side.
    var isQuiet: Bool {
        proxies.values.allSatisfy { $0?.isFlushed ?? true }
            && workers.values.allSatisfy { $0.control?.isFlushed ?? true }
    }

    /// Those that are left are handed on once more.
    var forTakeover: [TakeoverDocument.Child] {
        proxies.map { TakeoverDocument.Child(.proxy, $0.key, link: $0.value) }
            + templates.map { TakeoverDocument.Child(.template, $0.key, link: $0.value) }
            + workers.map {
                TakeoverDocument.Child(.worker, $0.value.processID, serial: $0.key, link: $0.value.control)
            }
    }

    /// All their process ids, for status.
    var processIDs: [pid_t] {
        (Array(proxies.keys) + Array(templates.keys) + workers.values.map(\.processID)).sorted()
    }

    private func adopt(_ child: TakeoverDocument.Child) {
        let process = child.processID
        switch child.kind {
        case .proxy: proxies.updateValue(link(child) { [unowned self] in handle($0, from: process) }, forKey: process)
        case .template: templates.updateValue(link(child) { _ in }, forKey: process)
        case .worker: workers[child.serial] = Worker(processID: process, control: link(child) { _ in })
        }
        supervisor.reaper.adopt(process) { [unowned self] reason in exited(child, reason) }
    }

    /// Nil for a process that is on its way out: its control socket was closed.
    private func link<Report: ControlMessage>(
        _ child: TakeoverDocument.Child, onReport: @escaping (Report) -> Void
    ) -> ControlLink<Report>? {
        guard child.control >= 0 else { return nil }
        _ = fcntl(child.control, F_SETFD, FD_CLOEXEC)
        do throws(UVError) {
            let stream = try Stream.adopt(
                child.control, on: supervisor.loop, receivesDescriptors: child.kind == .template)
            return ControlLink(
                stream, on: supervisor.loop, unread: child.unread, onReport: onReport, onEnd: {})
        } catch {
            supervisor.log.error("a process cannot be taken over", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func handle(_ report: ProxyReport, from proxy: pid_t) {
        switch report {
        case .ready: break
        case .workerStuck(let serial): supervisor.workerStuck(serial)
        case .logLevel(let name): supervisor.logLevelChosen(name)
        case .suspicion: break  // by a fingerprint of another key
        case .changeModel(let id, _, _):
            proxies[proxy]??.send(ProxyOrder.modelChanged(id: id, refusal: "the server is being upgraded; try again"))
        }
    }

    private func exited(_ child: TakeoverDocument.Child, _ reason: ExitReason) {
        let isExpected = isRetired && reason == .exited(code: 0) || supervisor.isStopping
        if !isExpected {
            supervisor.log.warning(
                "a process of the program before exited",
                metadata: ["reason": "\(reason)", "kind": "\(child.kind)", "pid": "\(child.processID)"])
        }
        switch child.kind {
        case .proxy: proxies.removeValue(forKey: child.processID)??.close()
        case .template: templates.removeValue(forKey: child.processID)??.close()
        case .worker:
            workers.removeValue(forKey: child.serial)?.control?.close()
            supervisor.announceExit(child.serial, supervisor.death(of: child.serial, reason))
        }
        supervisor.changed()
    }

    // MARK: What they are told

    func send(_ order: ProxyOrder) {
        for proxy in proxies.values { proxy?.send(order) }
    }

    /// Ours serve: the proxies accept no more and end with their connections, the workers with their links.
    func retire(milliseconds: Int) {
        isRetired = true
        publish(supervisor.routes)
        send(.retire(milliseconds: milliseconds))
        for worker in workers.values { worker.control?.send(WorkerOrder.drain) }
        for template in templates.values { template?.close() }
    }

    /// Tells their proxies about our workers, as a reload would.
    func publish(_ routes: [ModelRoute]) {
        guard isRetired, isOfOurVersion else { return }
        send(.routes(routes))
    }

    /// Kills the worker that holds a request past its deadline.
    /// - Returns: false when it is none of these.
    func killStuck(_ serial: UInt32) -> Bool {
        guard let worker = workers[serial] else { return false }
        kill(worker.processID, SIGKILL)
        return true
    }

    // MARK: The end

    /// Lets the workers and templates go; the proxies have ended.
    func stop() {
        for worker in workers.values { worker.control?.close() }
        for template in templates.values { template?.close() }
    }

    func killAll() {
        for process in processIDs { kill(process, SIGKILL) }
    }
}
