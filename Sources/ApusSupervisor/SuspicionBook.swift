import ApusWire

/// What proxies found out about requests over which workers died, for proxies that come later and for trials whose
/// proxy ends. Times are milliseconds of one monotonic clock.
struct SuspicionBook {
    /// Beyond it the oldest is forgotten.
    static let capacity = 1024

    private struct Guilty {
        var suspicion: Suspicion
        var end: UInt64
    }

    private let milliseconds: UInt64
    /// The oldest first.
    private var guilty: [Guilty] = []
    private var trials: [(proxy: Int, suspicion: Suspicion)] = []

    init(milliseconds: Int) { self.milliseconds = UInt64(milliseconds) }

    mutating func record(_ suspicion: Suspicion, from proxy: Int, at now: UInt64) {
        trials.removeAll { $0.suspicion.fingerprint == suspicion.fingerprint }
        switch suspicion.verdict {
        case .cleared: break
        case .onTrial:
            if trials.count == Self.capacity { trials.removeFirst() }
            trials.append((proxy, suspicion))
        case .guilty:
            guilty.removeAll { $0.end <= now || $0.suspicion.fingerprint == suspicion.fingerprint }
            if guilty.count == Self.capacity { guilty.removeFirst() }
            guilty.append(Guilty(suspicion: suspicion, end: now + milliseconds))
        }
    }

    /// What a new proxy is told.
    func known(at now: UInt64) -> [Suspicion] { guilty.filter { $0.end > now }.map(\.suspicion) }

    /// A proxy is gone: nobody waits for its trials any more.
    /// - Returns: what the others are told.
    mutating func end(of proxy: Int) -> [Suspicion] {
        let ended = trials.filter { $0.proxy == proxy }.map(\.suspicion)
        trials.removeAll { $0.proxy == proxy }
        return ended.map { Suspicion(fingerprint: $0.fingerprint, verdict: .cleared, model: $0.model) }
    }
}

extension Supervisor {
    /// A proxy has found something out: all the others learn of it.
    func heard(_ suspicion: Suspicion, from proxy: Int) {
        suspicions.record(suspicion, from: proxy, at: now)
        for other in proxies where other.index != proxy { other.send(.suspicion(suspicion)) }
        guard suspicion.verdict == .guilty else { return }
        log.warning(
            "a request that ended two workers is refused for a while",
            metadata: ["model": "\(suspicion.model)", "ms": "\(settings.proxy.quarantineMilliseconds)"])
        for pool in pools where pool.wanted.name == suspicion.model { pool.crashLoop.forgive(2) }
    }

    /// Nobody waits for the trials of a proxy that is gone.
    func endTrials(of proxy: Int) {
        for suspicion in suspicions.end(of: proxy) {
            for other in proxies where other.index != proxy { other.send(.suspicion(suspicion)) }
        }
    }
}
