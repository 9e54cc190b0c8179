import ApusLoop

/// Sends the load of one run and measures it. One loop, one thread, nothing allocated per request.
///
/// In an open loop a request is due by the schedule, whatever the server does: when no connection is
/// free it waits in a queue here, and its latency counts from the moment it was due.
final class Generator {
    let loop: Loop
    let load: Load
    let requests: RequestSet
    /// One buffer for all connections: it is used only within a read.
    let readMemory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    let looksAtBodies: Bool
    private(set) var refusals = RefusalExamples()

    private let endpoint: Endpoint
    private let check: AnswerCheck?
    private let isOpenLoop: Bool
    private var schedule: Schedule
    private var connections: [Connection] = []
    private var ready = Ring<Connection>(capacity: 1024)
    private var closed: [Connection] = []
    /// Due times of requests that wait for a connection.
    private var queue = Ring<UInt64>(capacity: 1024)
    /// The timer does not fire again sooner than this after it has: at high rates setting it would be the dearest part
    /// of a request. What is due is sent at the end of any turn, and the answers make many of them.
    private let timerNanoseconds: UInt64
    /// A closed loop's connections that have their answer. They send together at the end of the loop's
    /// turn: the server then wakes up for many requests, not for each.
    private var outbox: [Connection] = []
    private var turnEnd: TurnEnd?
    private var nextRequest = 0
    private var isSending = false
    private(set) var waitingCount = 0

    private(set) var recorder: Recorder
    private(set) var stages = StageTotals()
    private(set) var connectionsOpened = 0
    private(set) var lastConnectError: UVError?
    /// Requests sent so far, reported or not.
    private(set) var sentCount = 0
    var readByteCount = 0

    /// Called when the connections that were to be opened beforehand are open or have failed.
    var onOpened: (() -> Void)?
    private var openingCount = 0
    private var toOpen: ArraySlice<Connection> = []
    private var pacer: PreciseTimer?

    init(
        on loop: Loop, endpoint: Endpoint, requests: RequestSet, load: Load, check: AnswerCheck?,
        phaseCount: Int
    ) {
        self.loop = loop
        self.endpoint = endpoint
        self.requests = requests
        self.load = load
        self.check = check
        looksAtBodies = check != nil
        isOpenLoop = load.arrivals != .closed
        recorder = Recorder(phaseCount: phaseCount)
        schedule = Schedule(load.arrivals, seed: load.seed, startingAt: 0)
        timerNanoseconds = schedule.gap < Double(Generator.leastTimerNanoseconds) ? Generator.leastTimerNanoseconds : 0
        connections = (0..<load.connections).map { Connection(index: $0, generator: self) }
    }

    deinit {
        readMemory.deallocate()
        recorder.free()
    }

    /// Requests that are due and have no answer.
    var outstanding: Int { waitingCount + queue.count }

    // MARK: The course of a run

    /// Opens all connections, not too many at once, so that no backlog overflows.
    func openConnections() {
        toOpen = connections[...]
        for _ in 0..<min(Generator.opensAtOnce, connections.count) { openNext() }
    }

    private static let opensAtOnce = 64

    private static let leastTimerNanoseconds: UInt64 = 50_000

    private func openNext() {
        guard let connection = toOpen.popFirst() else { return }
        openingCount += 1
        connection.open()
    }

    /// Starts sending now.
    func begin(window: Range<UInt64>, phaseStarts: [UInt64], at now: UInt64) throws(UVError) {
        recorder.open(window: window, phaseStarts: phaseStarts)
        isSending = true
        if isOpenLoop {
            schedule = Schedule(load.arrivals, seed: load.seed, startingAt: now)
            let pacer = try PreciseTimer(on: loop) { [unowned self] in timerFired() }
            self.pacer = pacer
            turnEnd = TurnEnd(on: loop) { [unowned self] in sendDue(at: Loop.nanoseconds) }
            pacer.start(atNanoseconds: schedule.nextDue)
        } else {
            outbox.reserveCapacity(load.connections)
            turnEnd = TurnEnd(on: loop) { [unowned self] in sendOutbox() }
            while let connection = ready.popFirst() {
                if connection.state == .ready { sendNow(on: connection, at: now) }
            }
            reopenClosed(at: now)
        }
    }

    /// Nothing new becomes due. What waits is still sent and answered.
    func stopSending() {
        isSending = false
        pacer?.close()
        pacer = nil
        turnEnd?.close()
        turnEnd = nil
        outbox.removeAll()
    }

    /// Ends the run: what has no answer now never gets one.
    func finish(at now: UInt64) {
        while let due = queue.popFirst() {
            recorder.failed(.unanswered, due: due, sent: due, done: now)
        }
        for connection in connections {
            if connection.hasRequest {
                recorder.failed(.unanswered, due: connection.due, sent: connection.sent, done: now)
                drop(connection)
            }
            connection.close()
        }
        recorder.flush()
    }

    /// Now and then: batches go into the histograms, requests that waited too long are given up.
    func tick(at now: UInt64) {
        recorder.flush()
        let limit = load.timeout
        while let due = queue.first, now > due + limit {
            _ = queue.popFirst()
            recorder.failed(.timeout, due: due, sent: due, done: now)
        }
        for connection in connections where connection.hasRequest && now > connection.sent + limit {
            lost(connection, .timeout)
        }
        if !isOpenLoop && isSending { reopenClosed(at: now) }
    }

    func takeInterval(from start: UInt64, to end: UInt64) -> Interval {
        recorder.takeInterval(from: start, to: end)
    }

    // MARK: Sending

    private func timerFired() {
        let now = Loop.nanoseconds
        sendDue(at: now)
        pacer?.start(atNanoseconds: max(schedule.nextDue, now + timerNanoseconds))
    }

    private func sendDue(at now: UInt64) {
        while schedule.nextDue <= now {
            let due = schedule.nextDue
            schedule.advance()
            recorder.came(due: due, now: now)
            dispatch(due, at: now)
        }
    }

    private func dispatch(_ due: UInt64, at now: UInt64) {
        if queue.isEmpty {
            while let connection = ready.popFirst() {
                if connection.state == .ready { return send(due, on: connection, at: now) }
            }
            if let connection = closed.popLast() {
                take(due, on: connection, at: now)
                return connection.open()
            }
        }
        queue.append(due)
    }

    /// The request belongs to the connection, which is ready or will be. Until it is connected, `now`
    /// stands for the moment of sending, from which the timeout counts.
    @inline(__always)
    private func take(_ due: UInt64, on connection: Connection, at now: UInt64) {
        connection.requestIndex = nextRequest
        nextRequest += 1
        if nextRequest == requests.count { nextRequest = 0 }
        connection.due = due
        connection.sent = now
        connection.hasRequest = true
        waitingCount += 1
    }

    @inline(__always)
    private func send(_ due: UInt64, on connection: Connection, at now: UInt64) {
        take(due, on: connection, at: now)
        sentCount += 1
        connection.send()
    }

    private func sendNow(on connection: Connection, at now: UInt64) {
        recorder.cameClosed(now)
        send(now, on: connection, at: now)
    }

    private func sendOutbox() {
        // Sending may fail and thereby change other connections, but never adds to the outbox.
        for connection in outbox where connection.state == .ready {
            sendNow(on: connection, at: Loop.nanoseconds)
        }
        outbox.removeAll(keepingCapacity: true)
    }

    /// What a connection without a request does next.
    private func proceed(_ connection: Connection, at now: UInt64) {
        if connection.state == .closed {
            closed.append(connection)
            if isOpenLoop, let due = queue.popFirst() {
                let connection = closed.removeLast()
                take(due, on: connection, at: now)
                connection.open()
            } else if !isOpenLoop, isSending {
                reopen(closed.removeLast(), at: now)
            }
        } else if isOpenLoop {
            if let due = queue.popFirst() {
                send(due, on: connection, at: now)
            } else {
                ready.append(connection)
            }
        } else if isSending {
            outbox.append(connection)
        } else {
            ready.append(connection)
        }
    }

    /// A closed loop's connections that ended: their next requests begin with connecting.
    private func reopenClosed(at now: UInt64) {
        let again = closed
        closed.removeAll(keepingCapacity: true)
        for connection in again { reopen(connection, at: now) }
    }

    private func reopen(_ connection: Connection, at now: UInt64) {
        recorder.cameClosed(now)
        take(now, on: connection, at: now)
        connection.open()
    }

    // MARK: What connections report

    func connect(_ onResult: @escaping (Result<Stream, UVError>) -> Void) throws(UVError) {
        switch endpoint.address {
        case .tcp(let host, let port):
            try Connector.connect(host: host, port: port, on: loop, onResult: onResult)
        case .unix(let path):
            try Connector.connect(path: path, on: loop, onResult: onResult)
        }
    }

    func opened(_ connection: Connection) {
        connectionsOpened += 1
        if connection.hasRequest {
            connection.sent = Loop.nanoseconds
            sentCount += 1
            connection.send()
        } else {
            proceed(connection, at: Loop.nanoseconds)
        }
        noteOpened()
    }

    func failedToOpen(_ connection: Connection, _ error: UVError) {
        lastConnectError = error
        let now = Loop.nanoseconds
        if connection.hasRequest {
            recorder.failed(.connect, due: connection.due, sent: connection.sent, done: now)
            drop(connection)
        }
        // In a closed loop the next try is the tick's: a refused connection fails at once, and would
        // be tried again without end.
        closed.append(connection)
        failQueuedWhenNothingIsOpen(at: now)
        noteOpened()
    }

    /// Requests wait for connections that work. Where none does, they fail as this one did.
    private func failQueuedWhenNothingIsOpen(at now: UInt64) {
        guard closed.count == connections.count else { return }
        while let due = queue.popFirst() {
            recorder.failed(.connect, due: due, sent: due, done: now)
        }
    }

    private func noteOpened() {
        guard openingCount > 0, !isSending else { return }
        openingCount -= 1
        openNext()
        if openingCount == 0, toOpen.isEmpty {
            onOpened?()
            onOpened = nil
        }
    }

    func judge(
        _ connection: Connection, _ head: ResponseHead, _ body: UnsafeRawBufferPointer
    ) -> Failure? {
        guard head.isSuccess else {
            refusals.note(body, head)
            return .status
        }
        guard let check else { return nil }
        return check.accepts(body, head, requestIndex: connection.requestIndex) ? nil : .wrong
    }

    @inline(__always)
    func answered(_ connection: Connection, status: Int, _ failure: Failure?) {
        let now = Loop.nanoseconds
        if let failure {
            recorder.failed(
                failure, due: connection.due, sent: connection.sent, done: now, status: status)
        } else {
            recorder.good(
                due: connection.due, sent: connection.sent, done: now, status: status,
                rowCount: requests.rowCounts[connection.requestIndex])
        }
        drop(connection)
        proceed(connection, at: now)
    }

    /// The connection is of no use any more, and with it the request that it carried.
    func lost(_ connection: Connection, _ failure: Failure) {
        let now = Loop.nanoseconds
        connection.close()
        if connection.hasRequest {
            recorder.failed(failure, due: connection.due, sent: connection.sent, done: now)
            drop(connection)
        }
        closedByPeer(connection, at: now)
    }

    private func closedByPeer(_ connection: Connection, at now: UInt64) {
        if isOpenLoop {
            proceed(connection, at: now)
        } else {
            closed.append(connection)
        }
    }

    private func drop(_ connection: Connection) {
        connection.hasRequest = false
        waitingCount -= 1
    }

    func noteStages(_ value: UnsafeRawBufferPointer, _ connection: Connection) {
        if recorder.window.contains(connection.due) { stages.take(value) }
    }
}
