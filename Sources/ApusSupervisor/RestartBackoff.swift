/// When something that died may be started again (HARDENING §2, "Crash loop").
///
/// The first restart is immediate; then 100 ms, doubling up to `longest`, each with up to 20 % more or less.
/// Ten healthy seconds make it forget. Times are milliseconds of one monotonic clock.
package struct RestartBackoff: Equatable {
    package static let firstMilliseconds: UInt64 = 100
    package static let healthyMilliseconds: UInt64 = 10_000

    private let first: UInt64
    private let longest: UInt64
    private var failures = 0
    private var startedAt: UInt64 = 0
    private(set) var readyAt: UInt64 = 0

    /// - Parameter longest: the longest wait: 5 s for a worker, 30 s for a template.
    /// - Parameter first: the wait after the second death in a row.
    package init(first: UInt64 = firstMilliseconds, longest: UInt64) {
        self.first = first
        self.longest = longest
    }

    package func allowsStart(at now: UInt64) -> Bool { now >= readyAt }

    package mutating func started(at now: UInt64) { startedAt = now }

    /// It had come to do its work.
    /// - Parameter jitter: from -1 to 1, drawn by the caller.
    package mutating func died(at now: UInt64, jitter: Double) {
        if now >= startedAt + Self.healthyMilliseconds { failures = 0 }
        failed(at: now, jitter: jitter)
    }

    /// It did not come to do its work: however long that took, none of it was a healthy time.
    package mutating func failed(at now: UInt64, jitter: Double) {
        readyAt = now
        if failures > 0 {
            let wait = min(longest, first << UInt64(min(failures - 1, 20)))
            readyAt += UInt64(Double(wait) * (1 + 0.2 * jitter))
        }
        failures += 1
    }
}
