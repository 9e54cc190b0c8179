import Glibc
import Logging

/// One proxy's place, and who is kept there with it.
struct ColocatedProxy {
    var colocation = Colocation()
    /// The proxy and the workers that were counted last.
    var processes: [pid_t] = []
    /// Where they are kept together; nil while they are not.
    var processor: Int?
}

/// Keeps proxies together with the workers that they prefer (`Colocation`).
extension Supervisor {
    /// Beyond so many models it costs more to look than it may save.
    static let colocatedModelLimit = 8

    /// Looks at every proxy. To be called once a second.
    func colocate() {
        guard settings.colocates, settings.processors.count > 1 else { return }
        let pools = pools.filter { $0.description.map { placement.isLight($0.runNanoseconds) } ?? false }
        let idle = ProcessorTime.idle(settings.processors)
        while colocated.count < proxies.count { colocated.append(ColocatedProxy()) }
        for (index, proxy) in proxies.enumerated() {
            var processes: [pid_t] = []
            if proxy.state == .ready, let process = proxy.child?.processID, pools.count <= Self.colocatedModelLimit {
                let workers = pools.compactMap { $0.preferredWorker(ofProxy: index) }
                if !workers.isEmpty { processes = [process] + workers }
            }
            colocate(index, processes, idle: idle)
        }
    }

    /// - Parameters:
    ///   - processes: a proxy and its workers; empty when they are not to be together.
    ///   - idle: as in `Colocation.Sample`.
    private func colocate(_ index: Int, _ processes: [pid_t], idle: UInt64) {
        if processes != colocated[index].processes {
            for process in colocated[index].processes where !processes.contains(process) && isOurs(process) { letGo(process) }
            colocated[index].processes = processes
            colocated[index].colocation.processesChanged()
            // Those that stay are put together with the new ones.
            colocated[index].processor = nil
        }
        guard let proxy = processes.first, let sample = sample(of: processes, idle: idle) else { return }
        colocated[index].colocation.judge(sample)
        let isTogether = colocated[index].colocation.isTogether
        if !isTogether, colocated[index].processor != nil {
            colocated[index].processor = nil
            processes.forEach(letGo)
        } else if isTogether, colocated[index].processor == nil, let processor = freeProcessor(for: proxy) {
            colocated[index].processor = processor
            for process in processes { keep(process, on: [processor]) }
            log.debug("proxy and workers share a processor", metadata: ["proxy": "\(index)", "processor": "\(processor)"])
        }
    }

    private func sample(of processes: [pid_t], idle: UInt64) -> Colocation.Sample? {
        guard let proxy = ProcessorTime.of(processes[0]) else { return nil }
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
