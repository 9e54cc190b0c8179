import Testing

@testable import LoadtestCore

@Suite("Schedule")
struct ScheduleTests {
    @Test("constant arrivals keep their rate to the nanosecond, however long they go on")
    func constant() {
        var schedule = Schedule(.constant(perSecond: 3000), seed: 1, startingAt: 1000)
        for _ in 0..<300_000 { schedule.advance() }
        #expect(schedule.nextDue == 1000 + 100_000_000_000)
    }

    @Test(
        "Poisson arrivals have the rate on average, vary as they should, and repeat with their seed"
    )
    func poisson() {
        func moments(_ seed: UInt64) -> [UInt64] {
            var schedule = Schedule(.poisson(perSecond: 1000), seed: seed, startingAt: 0)
            return (0..<20_000).map { _ in
                defer { schedule.advance() }
                return schedule.nextDue
            }
        }
        let due = moments(7)
        #expect(due == moments(7))
        #expect(due != moments(8))
        let gaps = Statistics(zip(due.dropFirst(), due).map { Double($0 - $1) })
        #expect(abs(gaps.mean / 1e6 - 1) < 0.03)
        #expect(abs(gaps.deviation / gaps.mean - 1) < 0.05)  // an exponential's deviation is its mean
    }

    @Test("a closed loop has no schedule")
    func closed() {
        #expect(Schedule(.closed, seed: 1, startingAt: 5).nextDue == .max)
    }
}

@Suite("Objective")
struct ObjectiveTests {
    @Test("an objective is read into its clauses")
    func reads() throws {
        let objective = try Objective("p99<20ms, errors<0.1%,max<1s,mean<5ms,rate>1.5k")
        #expect(
            objective.clauses.map(\.measure) == [
                .percentile(99), .failures, .longest, .mean, .rate,
            ])
        #expect(objective.clauses.map(\.limit) == [20e6, 0.001, 1e9, 5e6, 1500])
        #expect(try Objective("p99<1s").description == "p99<1s, errors<1%")
    }

    @Test(
        "what cannot be read is refused",
        arguments: [
            "", "p99", "p99<", "p0<1ms", "p101<1ms", "p99>20ms", "rate<5", "errors>1%", "p99<0ms",
            "speed<1ms",
        ])
    func refuses(_ text: String) {
        #expect(throws: UsageError.self) { try Objective(text) }
    }

    @Test("a run breaks exactly the clauses whose limit it passes")
    func breaks() throws {
        let run = Samples.measurement(
            latencies: Array(repeating: 10_000_000, count: 99) + [50_000_000])
        let objective = try Objective("p50<11ms,max<40ms,errors<1%,rate>10")
        #expect(objective.broken(by: run).map(\.measure) == [.longest])
    }

    @Test("a run without answers holds nothing")
    func nothing() throws {
        let run = Samples.measurement(latencies: [])
        #expect(try Objective("p99<1s,errors<1%").broken(by: run).count == 2)
    }
}

@Suite("Recorder")
struct RecorderTests {
    @Test(
        "only what was due in the reported part counts, and the lost ones wait as long as they did")
    func window() {
        var recorder = Recorder(phaseCount: 2)
        defer { recorder.free() }
        recorder.open(
            window: 1_000_000_000..<2_000_000_000, phaseStarts: [1_000_000_000, 1_500_000_000])
        let ms: UInt64 = 1_000_000
        recorder.good(due: 999 * ms, sent: 999 * ms, done: 1001 * ms, status: 200, rowCount: 1)
        recorder.good(due: 1100 * ms, sent: 1150 * ms, done: 1200 * ms, status: 200, rowCount: 3)
        recorder.failed(.timeout, due: 1600 * ms, sent: 1600 * ms, done: 2600 * ms)
        recorder.failed(.status, due: 1700 * ms, sent: 1700 * ms, done: 1701 * ms, status: 503)
        recorder.good(due: 2000 * ms, sent: 2000 * ms, done: 2001 * ms, status: 200, rowCount: 1)
        recorder.flush()
        #expect(recorder.goodCount == 1)
        #expect(recorder.goodRowCount == 3)
        #expect(recorder.goodWithinWindow == 2)
        #expect(recorder.latency.totalCount == 2)
        #expect(abs(Double(recorder.latency.at(50)) / 100e6 - 1) < 0.002)
        #expect(abs(Double(recorder.latency.at(100)) / 1000e6 - 1) < 0.002)
        #expect(abs(Double(recorder.service.at(100)) / 50e6 - 1) < 0.002)
        #expect(recorder.statuses[503] == 1)
        #expect(recorder.phases.map(\.failureCount) == [0, 2])
        #expect(recorder.phases.map(\.latency.totalCount) == [1, 1])
    }

    @Test("what is given up is in an interval's latencies, and is no answer")
    func givenUp() {
        var recorder = Recorder(phaseCount: 1)
        defer { recorder.free() }
        let ms: UInt64 = 1_000_000
        recorder.open(window: 0..<1000 * ms, phaseStarts: [0])
        recorder.good(due: 0, sent: 0, done: 5 * ms, status: 200, rowCount: 1)
        recorder.failed(.timeout, due: 10 * ms, sent: 10 * ms, done: 710 * ms)
        recorder.failed(.unanswered, due: 20 * ms, sent: 20 * ms, done: 720 * ms)
        recorder.failed(.status, due: 30 * ms, sent: 30 * ms, done: 31 * ms, status: 503)
        let first = recorder.takeInterval(from: 0, to: 1000 * ms)
        #expect([first.goodCount, first.failureCount] == [1, 3])
        #expect(first.answeredRate == 1)
        #expect(first.histogram.totalCount == 3)
        #expect(recorder.phases.map(\.goodCount) == [1])
        #expect(recorder.takeInterval(from: 1000 * ms, to: 2000 * ms).goodCount == 0)
    }

    @Test("the first words of a refusal are kept, one for each status, on one line that moves no cursor")
    func refusals() {
        var refusals = RefusalExamples()
        func note(_ status: Int, _ body: [UInt8], isGzip: Bool = false) {
            let head = ResponseHead(status: status, byteCount: 0, framing: .untilClose, closes: false, isGzip: isGzip)
            body.withUnsafeBytes { refusals.note($0, head) }
        }
        note(400, Array("no\r\n\u{1B}[2J\u{9B}1m it".utf8))
        note(400, Array("another".utf8))
        note(503, Gzip.deflate(Array("later".utf8)), isGzip: true)
        note(500, [])
        note(404, [UInt8](repeating: 97, count: 1000))
        note(413, [0xff, 0x41])
        note(418, Array("a sixth".utf8))
        #expect(refusals.examples.map(\.status) == [400, 503, 500, 404, 413])
        #expect(
            refusals.examples.map(\.text) == [
                "no   [2J 1m it", "later", "", String(repeating: "a", count: 200) + "…", "\u{FFFD}A",
            ])
    }

    @Test("Server-Timing stages are added up by name, in nanoseconds")
    func stages() {
        var totals = StageTotals()
        for text in [
            "queue;dur=0.5, compute;desc=\"x\";dur=12", "compute;dur=8, queue;dur=1.5,other",
        ] {
            Array(text.utf8).withUnsafeBytes { totals.take($0) }
        }
        #expect(
            totals.stages.map { String(decoding: $0.name, as: UTF8.self) } == ["queue", "compute"])
        #expect(abs(totals.stages[0].durations.mean / 1e6 - 1) < 0.01)
        #expect(abs(totals.stages[1].durations.mean / 10e6 - 1) < 0.01)
    }
}
