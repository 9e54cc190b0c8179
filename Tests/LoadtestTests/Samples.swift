@testable import LoadtestCore

/// Measurements made up for tests.
enum Samples {
    static func measurement(
        latencies: [UInt64], failures: [Failure: Int] = [:], lag: [UInt64] = [0],
        rate: Double? = nil,
        backlogGrowth: Int = 0, intervals: [Interval] = []
    ) -> Measurement {
        var latency = LatencyHistogram.latency()
        latencies.forEach { latency.record($0) }
        var lags = LatencyHistogram.latency()
        lag.forEach { lags.record($0) }
        var load = Load()
        load.arrivals = .constant(perSecond: rate ?? Double(max(latencies.count, 1)))
        return Measurement(
            load: load, seconds: 1, startedAt: 1_700_000_000, latency: latency, service: latency,
            sendDelay: lags, lag: lags, dueCount: latencies.count, goodCount: latencies.count,
            goodRowCount: latencies.count, goodWithinWindow: latencies.count, failures: failures,
            statuses: [200: latencies.count], intervals: intervals, windowStart: 0, phases: [],
            marks: [],
            stages: [], usage: Usage(user: 1_000_000, system: 2_000_000),
            sentCount: max(latencies.count, 1), wholeSentCount: max(latencies.count, 1),
            readByteCount: 0,
            connectionsOpened: 1, idleOpened: 0, idleLeft: 0, backlogAtStart: 0,
            backlogAtEnd: backlogGrowth, overran: false, wrongExamples: [], refusals: RefusalExamples(), connectError: nil,
            stolen: 0)
    }

    /// - Parameter givenUp: how long each request had waited that was given up.
    static func interval(
        _ second: Int, _ latencies: [UInt64], givenUp: [UInt64] = [], isDrain: Bool = false
    ) -> Interval {
        var histogram = LatencyHistogram.latency()
        for waited in latencies + givenUp { histogram.record(waited) }
        let start = UInt64(second) * 1_000_000_000
        return Interval(
            start: start, end: start + 1_000_000_000, dueCount: latencies.count + givenUp.count,
            goodCount: latencies.count, failureCount: givenUp.count,
            histogram: SparseHistogram(histogram), isDrain: isDrain)
    }

    static func report(_ run: Measurement, title: String = "iris") -> Report {
        var report = Report(url: "http://127.0.0.1:1", title: title, arguments: ["--rate", "1"])
        report.entries = [Report.Entry(measurement: run, validity: .valid)]
        return report
    }
}
