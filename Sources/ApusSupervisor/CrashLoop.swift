/// Whether a model's workers die faster than it makes sense to replace them (HARDENING §2, "Crash loop").
///
///     steady ──more than max(5, 2N) deaths in 10 s──▶ degraded ──one lived for 10 s──▶ steady
///
/// While it is degraded one worker at a time is tried, at growing intervals, so that a broken model costs nothing.
/// Times are milliseconds of one monotonic clock.
struct CrashLoop: Equatable {
    static let windowMilliseconds: UInt64 = 10_000
    /// The first and the longest wait between two tries.
    static let probeMilliseconds: (first: UInt64, longest: UInt64) = (2_000, 15_000)

    /// Nil while all is well; else what status and log say.
    private(set) var reason: String?
    /// The latest deaths, at most as many as make a model degraded.
    private var deaths: [UInt64] = []
    private var probes = CrashLoop.freshProbes

    var isDegraded: Bool { reason != nil }

    /// When the next worker may be tried.
    var probeAt: UInt64 { probes.readyAt }

    /// When it is over, if nothing dies until then. Only while it is degraded.
    var recoversAt: UInt64 { (deaths.last ?? 0) + Self.windowMilliseconds }

    /// A worker died that says something against the model.
    /// - Parameters:
    ///   - how: for people; the reason quotes it.
    ///   - jitter: from -1 to 1, drawn by the caller.
    /// - Returns: whether the model has become degraded by it.
    mutating func died(at now: UInt64, workerCount: Int, how: String, jitter: Double) -> Bool {
        deaths.removeAll { $0 + Self.windowMilliseconds <= now }
        deaths.append(now)
        guard !isDegraded else {
            deaths = [now]
            probes.died(at: now, jitter: jitter)
            return false
        }
        guard deaths.count > max(5, 2 * workerCount) else { return false }
        reason = "degraded: \(deaths.count) workers ended within \(Self.windowMilliseconds / 1000) s, the last by "
            + "\(how); one at a time is tried until one lives"
        deaths = [now]
        // Two deaths, so that the first try waits too.
        probes.died(at: now, jitter: jitter)
        probes.died(at: now, jitter: jitter)
        return true
    }

    /// That many deaths turned out to be a request's fault.
    mutating func forgive(_ count: Int) {
        guard !isDegraded else { return }
        deaths.removeLast(min(count, deaths.count))
    }

    mutating func probed(at now: UInt64) { probes.started(at: now) }

    /// Looks whether it is over.
    /// - Parameter isServing: a worker takes requests.
    /// - Returns: whether it is over with this look.
    mutating func recovered(at now: UInt64, isServing: Bool) -> Bool {
        guard isDegraded, isServing, now >= recoversAt else { return false }
        self = CrashLoop()
        return true
    }

    private static let freshProbes = RestartBackoff(
        first: probeMilliseconds.first, longest: probeMilliseconds.longest)
}
