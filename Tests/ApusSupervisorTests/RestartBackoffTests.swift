import Testing

@testable import ApusSupervisor

@Suite("Restart backoff")
struct RestartBackoffTests {
    /// Dies as soon as it may be started, and tells how long it waited each time.
    static func waits(_ count: Int, longest: UInt64, jitter: Double = 0) -> [UInt64] {
        var backoff = RestartBackoff(longest: longest)
        var now: UInt64 = 1_000_000
        return (0..<count).map { _ in
            backoff.started(at: now)
            backoff.died(at: now, jitter: jitter)
            defer { now = backoff.readyAt }
            return backoff.readyAt - now
        }
    }

    @Test("the first restart is immediate, then the wait doubles from 100 ms to the longest")
    func doubles() {
        #expect(Self.waits(9, longest: 5_000) == [0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
    }

    @Test("waits differ by up to a fifth, so that those who died together do not come back together")
    func jitter() {
        #expect(Self.waits(3, longest: 5_000, jitter: 1) == [0, 120, 240])
        #expect(Self.waits(3, longest: 5_000, jitter: -1) == [0, 80, 160])
    }

    @Test("a thousand deaths do not overflow the wait")
    func many() {
        #expect(Self.waits(1_000, longest: 30_000).last == 30_000)
    }

    @Test("ten healthy seconds make it forget; a moment less does not", arguments: [
        (9_999 as UInt64, 400 as UInt64), (10_000, 0), (50_000, 0),
    ])
    func forgets(lived: UInt64, wait: UInt64) {
        var backoff = RestartBackoff(longest: 5_000)
        for _ in 0..<3 { backoff.died(at: 0, jitter: 0) }
        backoff.started(at: 1_000)
        backoff.died(at: 1_000 + lived, jitter: 0)
        #expect(backoff.readyAt == 1_000 + lived + wait)
    }

    @Test("one that did not come to its work had no healthy time, however long it tried")
    func failed() {
        var backoff = RestartBackoff(longest: 5_000)
        for _ in 0..<3 { backoff.died(at: 0, jitter: 0) }
        backoff.started(at: 1_000)
        backoff.failed(at: 61_000, jitter: 0)
        #expect(backoff.readyAt == 61_400)
    }

    @Test("it may be started from the moment that it names on")
    func allows() {
        var backoff = RestartBackoff(longest: 5_000)
        #expect(backoff.allowsStart(at: 0))
        for _ in 0..<2 { backoff.died(at: 1_000, jitter: 0) }
        #expect(!backoff.allowsStart(at: 1_099))
        #expect(backoff.allowsStart(at: 1_100))
    }
}
