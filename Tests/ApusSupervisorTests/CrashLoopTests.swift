import Testing

@testable import ApusSupervisor

@Suite("Crash loop")
struct CrashLoopTests {
    /// A loop after so many deaths, one each `every` milliseconds.
    static func loop(deaths: Int, every: UInt64 = 100, workers: Int = 2) -> CrashLoop {
        var loop = CrashLoop()
        for death in 0..<deaths {
            _ = loop.died(at: UInt64(death) * every, workerCount: workers, how: "signal 11", jitter: 0)
        }
        return loop
    }

    @Test("more than max(5, 2N) deaths in ten seconds are too many", arguments: [
        (1, 5, false), (1, 6, true), (2, 5, false), (2, 6, true), (4, 8, false), (4, 9, true), (16, 32, false),
    ])
    func threshold(workers: Int, deaths: Int, isDegraded: Bool) {
        let loop = Self.loop(deaths: deaths, workers: workers)
        #expect(loop.isDegraded == isDegraded)
        #expect((loop.reason?.contains("signal 11") ?? false) == isDegraded)
    }

    @Test("deaths that are ten seconds old are forgotten")
    func window() {
        #expect(!Self.loop(deaths: 100, every: 2_000).isDegraded)
        #expect(Self.loop(deaths: 6, every: 1_999).isDegraded)
    }

    @Test("fewer than twenty forks a minute are made of a model that always crashes")
    func probes() {
        var loop = Self.loop(deaths: 6, every: 0)
        var forks = 6
        while loop.probeAt < 60_000 {
            forks += 1
            let now = loop.probeAt
            loop.probed(at: now)
            _ = loop.died(at: now, workerCount: 2, how: "signal 11", jitter: -1)
        }
        #expect(forks < 20, "\(forks)")
    }

    @Test("a worker that lives for ten seconds ends it")
    func recovers() {
        var loop = Self.loop(deaths: 6, every: 0)
        let early = loop.recovered(at: 9_999, isServing: true)
        let deserted = loop.recovered(at: 60_000, isServing: false)
        let inTime = loop.recovered(at: 10_000, isServing: true)
        #expect([early, deserted, inTime] == [false, false, true])
        #expect(loop == CrashLoop())
    }

    @Test("what a request is to blame for does not count")
    func forgiven() {
        var loop = CrashLoop()
        for death in 0..<20 {
            _ = loop.died(at: UInt64(death), workerCount: 1, how: "signal 11", jitter: 0)
            if death % 2 == 1 { loop.forgive(2) }
        }
        #expect(!loop.isDegraded)
        loop.forgive(9)
        #expect(loop == CrashLoop())
    }
}
