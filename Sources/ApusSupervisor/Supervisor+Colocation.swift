import Glibc
import Logging

/// One proxy's place, and who is kept there with it.
struct ColocatedProxy {
    var colocation = Colocation()
    /// The proxy, and the worker that it prefers of each model.
    var processes: [pid_t] = []
    /// Where they are kept together; nil while they are not.
    var processor: Int?
}

/// Keeps proxies together with the workers that they prefer (`Colocation`).
extension Supervisor {
    /// Beyond so many models it costs more to look than it may save.
    static let colocatedModelLimit = 8

    /// Judges how those that are together get on. To be called once a second.
    func judgeColocation() {
        let idle = colocated.isEmpty ? 0 : ProcessorTime.idle(settings.processors)
        for index in colocated.indices {
            guard let sample = sample(of: colocated[index].processes, idle: idle) else { continue }
            colocated[index].colocation.judge(sample)
        }
        colocate()
    }

    /// Keeps every proxy and its workers as was judged last. To be called when another process may have become one of
    /// them: a new worker is where it belongs before the proxy hears of it.
    func colocate() {
        guard settings.colocates, settings.processors.count > 1 else { return }
        let pools = pools.filter { $0.description.map { placement.isLight($0.runNanoseconds) } ?? false }
        while colocated.count < proxies.count { colocated.append(ColocatedProxy()) }
        for (index, proxy) in proxies.enumerated() {
            var processes: [pid_t] = []
            if proxy.state == .ready, let process = proxy.child?.processID, pools.count <= Self.colocatedModelLimit {
                let workers = pools.compactMap { $0.preferredWorker(ofProxy: index) }
                if !workers.isEmpty { processes = [process] + workers }
            }
            replace(at: index, by: processes)
            place(at: index)
        }
    }

    /// Those that belong together are others now.
    /// - Parameter processes: a proxy and its workers; empty when they are not to be together.
    private func replace(at index: Int, by processes: [pid_t]) {
        let before = colocated[index].processes
        guard processes != before else { return }
        for process in before where !processes.contains(process) && isOurs(process) { letGo(process) }
        colocated[index].processes = processes
        colocated[index].colocation.processesChanged()
        if processes.first != before.first { return colocated[index].processor = nil }
        guard let processor = colocated[index].processor else { return }
        for process in processes where !before.contains(process) { keep(process, on: [processor]) }
    }

    private func place(at index: Int) {
        let processes = colocated[index].processes
        let isTogether = colocated[index].colocation.isTogether
        if !isTogether, colocated[index].processor != nil {
            colocated[index].processor = nil
            processes.forEach(letGo)
        } else if isTogether, colocated[index].processor == nil, let proxy = processes.first,
            let processor = freeProcessor(for: proxy)
        {
            colocated[index].processor = processor
            for process in processes { keep(process, on: [processor]) }
            log.debug("proxy and workers share a processor", metadata: ["proxy": "\(index)", "processor": "\(processor)"])
        }
    }

    private func sample(of processes: [pid_t], idle: UInt64) -> Colocation.Sample? {
        guard let first = processes.first, let proxy = ProcessorTime.of(first) else { return nil }
        return Colocation.Sample(
            at: now * 1_000_000, proxyRun: proxy.run, proxyWait: proxy.wait,
            workerRun: processes.dropFirst().reduce(0) { $0 + (ProcessorTime.of($1)?.run ?? 0) },
            idle: idle)
    }

    /// The one that it runs on, unless others are kept there; then one where nobody is.
    private func freeProcessor(for proxy: pid_t) -> Int? {
        let taken = colocated.compactMap(\.processor)
        let free = settings.processors.filter { !taken.contains($0) }
        if let own = ProcessorTime.processor(of: proxy), free.contains(own) { return own }
        return free.first
    }

    /// It has not ended: its number cannot be another's.
    private func isOurs(_ process: pid_t) -> Bool {
        proxies.contains { $0.child?.processID == process }
            || allPools.contains { $0.slots.contains { $0.processID == process } }
    }

    private func letGo(_ process: pid_t) { keep(process, on: settings.processors) }

    private func keep(_ process: pid_t, on processors: [Int]) {
        // One that has ended meanwhile is no error.
        guard let reason = settings.keep?(process, processors) else { return }
        log.debug("cannot keep a process on a processor", metadata: ["pid": "\(process)", "reason": "\(reason)"])
    }
}
