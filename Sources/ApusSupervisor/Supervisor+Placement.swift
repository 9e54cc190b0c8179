import Glibc
import Logging

/// Where processes run, and how many proxies there are when that is left to us.
extension Supervisor {
    var placement: Placement { Placement(processorCount: settings.processors.count) }

    /// Adds the proxies that the models need, once each is loaded or will not be. Until then there is one.
    func placeProxies() {
        guard !isPlaced else { return }
        var times: [UInt64] = []
        for pool in pools {
            if let description = pool.description {
                times.append(description.runNanoseconds)
            } else if !pool.isGivenUpByStart {
                return
            }
        }
        isPlaced = true
        let count = min(settings.proxyCount, placement.proxies(runNanoseconds: times))
        while proxies.count < count { proxies.append(ProxySlot(proxies.count, supervisor: self)) }
        log.info("proxies placed", metadata: ["count": "\(count)", "processors": "\(settings.processors.count)"])
    }

    /// Keeps a process on one processor, when that is configured. What cannot be pinned runs where it may.
    /// - Parameter place: an index of `settings.processors`.
    func pin(_ process: pid_t, to place: Int) {
        guard settings.pins else { return }
        let processor = settings.processors[place]
        guard let reason = settings.keep?(process, [processor]) else { return }
        log.warning(
            "cannot pin a process",
            metadata: ["pid": "\(process)", "processor": "\(processor)", "reason": "\(reason)"])
    }
}
