import ApusLoop
import Glibc

/// One run from the first connection to the last answer.
///
///     opening ──▶ warming up ──▶ measuring ──▶ draining ──▶ over
package final class Run {
    /// A command for a moment of the run.
    package struct Fault: Equatable, Sendable {
        /// Nanoseconds from the start of the reported part.
        package var at: UInt64
        package var command: String
        /// What comes after it is reported apart; not for faults that come again and again.
        package var startsPhase: Bool

        package init(at: UInt64, command: String, startsPhase: Bool = true) {
            self.at = at
            self.command = command
            self.startsPhase = startsPhase
        }
    }

    private let loop: Loop
    private let load: Load
    private let generator: Generator
    private let idle: IdleConnections
    private let check: AnswerCheck?
    private let faults: [Fault]
    private let phaseFaults: [Fault]
    private let environment: [String]
    private let onInterval: ((Interval, Measurement.Mark?) -> Void)?
    private var window: Range<UInt64> = 0..<0
    private var timers: [Timer] = []
    private var ticker: Timer?
    private var isDraining = false
    private var drainDeadline: UInt64 = 0
    private var intervalStart: UInt64 = 0
    private var intervals: [Interval] = []
    private var marks: [Measurement.Mark] = []
    private var startedAt = 0.0
    private var before = Snapshot()
    private var after = Snapshot()
    private var overran = false

    /// What is read at the start and at the end of the reported part.
    private struct Snapshot {
        var usage = Usage(user: 0, system: 0)
        var sentCount = 0
        var backlog = 0
        var machine = MachineTime()
    }

    package init(
        endpoint: Endpoint, requests: RequestSet, load: Load, check: AnswerCheck? = nil,
        faults: [Fault] = [], environment: [String: String] = [:],
        onInterval: ((Interval, Measurement.Mark?) -> Void)? = nil
    ) throws(UVError) {
        self.load = load
        self.check = check
        self.faults = faults.sorted { $0.at < $1.at }
        phaseFaults = self.faults.filter(\.startsPhase)
        self.environment = Run.environment(with: environment)
        self.onInterval = onInterval
        loop = try Loop()
        generator = Generator(
            on: loop, endpoint: endpoint, requests: requests, load: load, check: check,
            phaseCount: phaseFaults.count + 1)
        idle = IdleConnections(on: loop, endpoint: endpoint, count: load.idleConnections)
    }

    /// Runs to the end. Call once.
    package func measure() throws(UVError) -> Measurement {
        var failure: UVError?
        generator.onOpened = { [unowned self] in
            idle.open {
                do throws(UVError) { try self.begin() } catch { failure = error }
            }
        }
        generator.openConnections()
        loop.run()
        if let failure { throw failure }
        return result()
    }

    private func begin() throws(UVError) {
        let now = Loop.nanoseconds
        loop.updateTime()
        let opening = now + load.warmUp
        window = opening..<opening + load.duration
        intervalStart = opening
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        startedAt = Double(wall.tv_sec) + Double(wall.tv_nsec) / 1e9 + Double(load.warmUp) / 1e9
        try generator.begin(
            window: window, phaseStarts: [opening] + phaseFaults.map { opening + $0.at }, at: now)
        schedule(load.warmUp) { [unowned self] in before = snapshot() }
        schedule(load.warmUp + load.duration) { [unowned self] in endOfWindow() }
        for fault in faults { schedule(load.warmUp + fault.at) { [unowned self] in start(fault) } }
        let ticker = Timer(on: loop) { [unowned self] in tick() }
        ticker.start(milliseconds: Run.tickMilliseconds, repeating: Run.tickMilliseconds)
        self.ticker = ticker
    }

    /// Batches go into the histograms this often; requests are given up this late at most.
    private static let tickMilliseconds: UInt64 = 50
    /// How long an interval of the time series is, in nanoseconds.
    private static let intervalLength: UInt64 = 1_000_000_000

    private func schedule(_ nanoseconds: UInt64, _ act: @escaping () -> Void) {
        let timer = Timer(on: loop, onFire: act)
        timers.append(timer)
        timer.start(milliseconds: nanoseconds / 1_000_000)
    }

    private func tick() {
        let now = Loop.nanoseconds
        generator.tick(at: now)
        if isDraining {
            if generator.outstanding == 0 || now > drainDeadline { end() }
            return
        }
        if now >= intervalStart + Run.intervalLength { closeInterval(at: now) }
        if generator.outstanding > load.backlogLimit {
            overran = true
            endOfWindow()
        }
    }

    private func closeInterval(at now: UInt64) {
        let interval = generator.takeInterval(from: intervalStart, to: now)
        intervals.append(interval)
        intervalStart = now
        onInterval?(interval, nil)
    }

    private func endOfWindow() {
        guard !isDraining else { return }
        let now = Loop.nanoseconds
        if overran {
            window = window.lowerBound..<max(min(now, window.upperBound), window.lowerBound)
        }
        isDraining = true
        after = snapshot()
        if now > intervalStart { closeInterval(at: now) }
        generator.stopSending()
        drainDeadline = now + load.drain
        if generator.outstanding == 0 { end() }
    }

    private func end() {
        generator.finish(at: Loop.nanoseconds)
        var rest = generator.takeInterval(from: intervalStart, to: Loop.nanoseconds)
        rest.isDrain = true
        if rest.goodCount + rest.failureCount > 0 { intervals.append(rest) }
        idle.close()
        ticker?.close()
        ticker = nil
        timers.forEach { $0.close() }
        timers = []
    }

    private func snapshot() -> Snapshot {
        Snapshot(
            usage: .ownProcess, sentCount: generator.sentCount, backlog: generator.outstanding,
            machine: .now)
    }

    // MARK: Faults

    /// Our environment with more variables in it, as `NAME=value`.
    private static func environment(with more: [String: String]) -> [String] {
        var variables: [String] = []
        var entry = environ
        while let text = entry.pointee {
            variables.append(String(cString: text))
            entry += 1
        }
        return variables + more.map { "\($0.key)=\($0.value)" }
    }

    private func start(_ fault: Fault) {
        let mark = marks.count
        marks.append(
            Measurement.Mark(
                at: Double(fault.at) / 1e9, command: fault.command, outcome: ""))
        do {
            _ = try Child(
                path: "/bin/sh", arguments: ["sh", "-c", fault.command], environment: environment,
                descriptors: [nil, 2, 2], on: loop
            ) { [self] reason in marks[mark].outcome = reason.description }
        } catch {
            marks[mark].outcome = error.description
        }
        let empty = Interval(
            start: window.lowerBound + fault.at, end: window.lowerBound + fault.at, dueCount: 0,
            goodCount: 0, failureCount: 0, histogram: SparseHistogram(.latency()))
        onInterval?(empty, marks[mark])
    }

    // MARK: The result

    private func result() -> Measurement {
        let recorder = generator.recorder
        let seconds = Double(window.upperBound - window.lowerBound) / 1e9
        var failures: [Failure: Int] = [:]
        for failure in Failure.allCases where recorder.failures[failure.rawValue] > 0 {
            failures[failure] = recorder.failures[failure.rawValue]
        }
        var statuses: [Int: Int] = [:]
        for (status, count) in recorder.statuses.enumerated() where count > 0 {
            statuses[status] = count
        }
        return Measurement(
            load: load, seconds: seconds, startedAt: startedAt, latency: recorder.latency,
            service: recorder.service, sendDelay: recorder.sendDelay, lag: recorder.lag,
            dueCount: recorder.dueCount, goodCount: recorder.goodCount,
            goodRowCount: recorder.goodRowCount, goodWithinWindow: recorder.goodWithinWindow,
            failures: failures, statuses: statuses, intervals: intervals,
            windowStart: window.lowerBound, phases: phases(recorder, seconds), marks: marks,
            stages: generator.stages.stages.map {
                Measurement.Stage(
                    name: String(decoding: $0.name, as: UTF8.self), durations: $0.durations)
            },
            usage: after.usage - before.usage, sentCount: after.sentCount - before.sentCount,
            wholeSentCount: generator.sentCount,
            readByteCount: generator.readByteCount, connectionsOpened: generator.connectionsOpened,
            idleOpened: idle.openedCount, idleLeft: idle.leftCount, backlogAtStart: before.backlog,
            backlogAtEnd: after.backlog, overran: overran,
            wrongExamples: check?.examples ?? [], refusals: generator.refusals,
            connectError: generator.lastConnectError?.description,
            stolen: after.machine.stolenShare(since: before.machine))
    }

    private func phases(_ recorder: Recorder, _ seconds: Double) -> [Measurement.Phase] {
        recorder.phases.enumerated().map { index, phase in
            let starts = index == 0 ? 0 : Double(phaseFaults[index - 1].at) / 1e9
            let ends = index < phaseFaults.count ? Double(phaseFaults[index].at) / 1e9 : seconds
            return Measurement.Phase(
                name: index == 0 ? "before" : phaseFaults[index - 1].command, start: starts,
                end: ends, latency: phase.latency, goodCount: phase.goodCount,
                failureCount: phase.failureCount)
        }
    }
}
