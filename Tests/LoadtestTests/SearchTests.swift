import Testing

@testable import LoadtestCore

@Suite("Search")
struct SearchTests {
    /// A server of known capacity, as one window sees it: fine below, far too slow above.
    static func probe(
        capacity: Double, hiccups: Double = 0, seed: UInt64 = 1
    ) -> Search.Probe {
        var random = SplitMix(seed: seed)
        return { (rate) throws(SearchFailure) in
            let isHiccup = random.unit() < hiccups
            let isHeld = rate <= capacity && !isHiccup
            let latency: UInt64 = isHeld ? 5_000_000 : 500_000_000
            return (
                isHeld ? .held : .broken("slow"),
                Samples.measurement(latencies: [latency], rate: rate)
            )
        }
    }

    @Test(
        "the limit is found within the precision, wherever it lies",
        arguments: [1.5, 7, 49, 50, 51, 799, 800, 12_345, 654_321])
    func finds(_ capacity: Double) throws {
        var search = Search(Search.Settings(), probe: Self.probe(capacity: capacity))
        let result = try search.run()
        #expect(abs(result.rate / capacity - 1) < 0.05)
        #expect(result.rate <= capacity)
        #expect(result.interval.contains(result.rate))
        #expect(result.estimates.count == 3)
        #expect(result.generatorLimit == nil)
    }

    @Test("a machine that hiccups in one window of ten misleads a search seldom")
    func hiccups() throws {
        var wrong = 0
        for seed in 1...8 as ClosedRange<UInt64> {
            var search = Search(
                Search.Settings(), probe: Self.probe(capacity: 800, hiccups: 0.1, seed: seed))
            if abs(try search.run().rate / 800 - 1) > 0.1 { wrong += 1 }
        }
        #expect(wrong <= 1)
    }

    @Test("a server that never holds is told as such")
    func never() throws {
        var search = Search(Search.Settings(), probe: Self.probe(capacity: 0.01))
        let result = try search.run()
        #expect(result.rate == 0)
        #expect(result.estimates.isEmpty)
    }

    @Test("the highest rate allowed is not passed")
    func bounded() throws {
        var settings = Search.Settings()
        settings.highestRate = 300
        var search = Search(settings, probe: Self.probe(capacity: 1e9))
        let result = try search.run()
        #expect(result.rate == 300)
        #expect(result.generatorLimit != nil)
        #expect(result.points.allSatisfy { $0.rate <= 300 })
    }

    @Test("where the generator is the bottleneck, the search says at least, not at most")
    func generatorLimit() throws {
        var search = Search(Search.Settings()) { (rate) throws(SearchFailure) in
            (
                rate < 1000 ? .held : .invalid("busy"),
                Samples.measurement(latencies: [1_000_000], rate: rate)
            )
        }
        let result = try search.run()
        #expect(result.rate == 800)
        #expect(result.generatorLimit == "busy")
    }

    @Test("a window in which requests pile up does not hold, though the objective does")
    func backlog() throws {
        let objective = try Objective("p99<10s")
        let steady = Samples.measurement(
            latencies: Array(repeating: 1_000_000, count: 1000), backlogGrowth: 5)
        let growing = Samples.measurement(
            latencies: Array(repeating: 1_000_000, count: 1000), backlogGrowth: 50)
        #expect(Search.Window(steady, objective, lagLimit: 1) == .held)
        guard case .broken = Search.Window(growing, objective, lagLimit: 1) else {
            Issue.record("the pile was not seen")
            return
        }
    }

    @Test("latency that may be the generator's own is not laid at the server's door")
    func attribution() throws {
        let objective = try Objective("p99<20ms")
        let slow: [UInt64] = Array(repeating: 30_000_000, count: 100)
        let late = Samples.measurement(
            latencies: slow, lag: Array(repeating: 15_000_000, count: 100))
        let own = Samples.measurement(latencies: slow, lag: Array(repeating: 6_000_000, count: 100))
        guard case .invalid = Search.Window(late, objective, lagLimit: 5_000_000) else {
            Issue.record("15 ms of 30 are the generator's: the rest would hold")
            return
        }
        guard case .broken = Search.Window(own, objective, lagLimit: 5_000_000) else {
            Issue.record("24 ms are the server's own")
            return
        }
    }
}

@Suite("Statistics")
struct StatisticsTests {
    @Test("mean, deviation and confidence are those of the textbook")
    func textbook() {
        let statistics = Statistics([2, 4, 4, 4, 5, 5, 7, 9])
        #expect(statistics.mean == 5)
        #expect(abs(statistics.deviation - 2.13809) < 1e-4)
        #expect(abs(statistics.confidenceHalfWidth - 2.365 * 2.13809 / 8.0.squareRoot()) < 1e-3)
        #expect(Statistics([3]).confidenceHalfWidth == 0)
        #expect(Statistics.median([9, 1, 5]) == 5)
        #expect(Statistics.median([9, 1]) == 5)
    }

    @Test("the knee of a curve is where it turns")
    func knee() {
        let curve = (1...20).map { step in
            let rate = Double(step) * 50
            return (rate: rate, latency: rate <= 800 ? 5.0 : 5 + (rate - 800) * 2)
        }
        #expect(Knee.find(curve) == 800)
        #expect(Knee.find(curve.map { ($0.rate, 5) }) == nil)
    }

    @Test("a run whose generator was late is invalid, a closed loop never is")
    func validity() {
        let fast: [UInt64] = Array(repeating: 1_000_000, count: 100)
        let late = Samples.measurement(
            latencies: fast, lag: Array(repeating: 9_000_000, count: 100))
        #expect(Validity(late) != .valid)
        #expect(Validity(late, lagLimit: 10_000_000) == .valid)
        #expect(Validity(Samples.measurement(latencies: fast)) == .valid)
        var closed = late
        closed.load.arrivals = .closed
        #expect(Validity(closed) == .valid)
    }
}
