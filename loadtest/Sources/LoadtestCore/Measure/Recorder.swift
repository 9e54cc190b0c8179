/// Collects what a run measures. Samples are kept in a small array and put into the histograms in
/// batches: the hot path writes three words.
struct Recorder {
    private struct Sample { var due, sent, done: UInt64 }

    private static let batch = 4096

    private(set) var latency = LatencyHistogram.latency()
    private(set) var service = LatencyHistogram.latency()
    private(set) var sendDelay = LatencyHistogram.latency()
    private(set) var lag = LatencyHistogram.latency()
    /// What came since the last `takeInterval()`.
    private var interval = LatencyHistogram.latency()
    private var intervalGood = 0
    private var intervalFailures = 0
    private var intervalDue = 0

    /// The phases between faults: where each begins, and what was due in it.
    private(set) var phases: [PhaseTotals]

    /// The reported part of the run.
    private(set) var window: Range<UInt64> = 0..<0

    private(set) var dueCount = 0
    private(set) var goodCount = 0
    private(set) var goodRowCount = 0
    /// Good answers that arrived within the window, whenever they were due.
    private(set) var goodWithinWindow = 0
    private(set) var failures = [Int](repeating: 0, count: Failure.allCases.count)
    private(set) var statuses = [Int](repeating: 0, count: 1000)

    private let samples = UnsafeMutablePointer<Sample>.allocate(capacity: batch)
    private var sampleCount = 0

    init(phaseCount: Int) {
        phases = (0..<phaseCount).map { _ in PhaseTotals() }
    }

    func free() { samples.deallocate() }

    mutating func open(window: Range<UInt64>, phaseStarts: [UInt64]) {
        self.window = window
        for (index, start) in phaseStarts.enumerated() { phases[index].start = start }
    }

    /// A request came due; `now` is when the generator came round to it.
    @inline(__always)
    mutating func came(due: UInt64, now: UInt64) {
        guard window.contains(due) else { return }
        dueCount += 1
        intervalDue += 1
        lag.record(now - due)
    }

    /// A closed loop's request: due when it was sent.
    @inline(__always)
    mutating func cameClosed(_ due: UInt64) {
        if window.contains(due) {
            dueCount += 1
            intervalDue += 1
        }
    }

    /// A right answer.
    @inline(__always)
    mutating func good(due: UInt64, sent: UInt64, done: UInt64, status: Int, rowCount: Int) {
        if window.contains(done) { goodWithinWindow += 1 }
        guard window.contains(due) else { return }
        goodCount += 1
        goodRowCount += rowCount
        statuses[status] += 1
        (samples + sampleCount).initialize(to: Sample(due: due, sent: sent, done: done))
        sampleCount += 1
        if sampleCount == Recorder.batch { flush() }
    }

    mutating func failed(
        _ failure: Failure, due: UInt64, sent: UInt64, done: UInt64, status: Int = 0
    ) {
        guard window.contains(due) else { return }
        failures[failure.rawValue] += 1
        intervalFailures += 1
        if status > 0 && status < 1000 { statuses[status] += 1 }
        phases[phase(of: due)].failureCount += 1
        guard failure == .timeout || failure == .unanswered else { return }
        let waited = bounded(done - due)
        latency.record(waited)
        interval.record(waited)
        phases[phase(of: due)].latency.record(waited)
    }

    mutating func flush() {
        for index in 0..<sampleCount {
            let sample = samples[index]
            let waited = bounded(sample.done - sample.due)
            latency.record(waited)
            service.record(bounded(sample.done - sample.sent))
            sendDelay.record(bounded(sample.sent - sample.due))
            interval.record(waited)
            let phase = phase(of: sample.due)
            phases[phase].latency.record(waited)
            phases[phase].goodCount += 1
        }
        intervalGood += sampleCount
        sampleCount = 0
    }

    /// What came since the last call.
    mutating func takeInterval(from start: UInt64, to end: UInt64) -> Interval {
        flush()
        let result = Interval(
            start: start, end: end, dueCount: intervalDue, goodCount: intervalGood,
            failureCount: intervalFailures, histogram: SparseHistogram(interval))
        interval.reset()
        intervalGood = 0
        intervalFailures = 0
        intervalDue = 0
        return result
    }

    private func bounded(_ value: UInt64) -> UInt64 { min(value, LatencyHistogram.longest) }

    private func phase(of due: UInt64) -> Int {
        var index = phases.count - 1
        while index > 0 && due < phases[index].start { index -= 1 }
        return index
    }
}

/// What was due between two faults.
struct PhaseTotals {
    var start: UInt64 = 0
    var latency = LatencyHistogram.latency()
    var goodCount = 0
    var failureCount = 0
}
