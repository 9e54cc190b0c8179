import ApusLoop
import ApusWire

/// The connection to one worker, and the requests that it has.
///
///     connecting ──▶ open ──the socket ends──▶ lost ──its worker has ended──▶ closed
///       │   ▲                                   │
///     fails └── its time comes ─┐        nobody says why
///       └──────────────────▶ resting ◀──────────┘
///
/// A worker is handed groups of requests. It has room (credit) for a certain number of groups; a group is done
/// when all its requests are answered.
final class WorkerLink: StreamOwner, WorkerLoad {
    enum State {
        case connecting
        case open
        /// The socket ended; the supervisor has not said why. Its requests wait for that.
        case lost
        /// There is no socket, though the worker lives, as far as is known. It is tried again when its time has come.
        case resting
        case closed
    }

    let serial: UInt32
    private(set) var state = State.connecting
    private(set) var requests = RequestQueue()
    private unowned(unsafe) let proxy: ProxyProcess
    private unowned let model: ServedModel
    private let socketPath: String
    private var stream: Stream?
    private var inbox = LinkInbox()
    /// Requests still out, by group; a slot with 0 is credit.
    private var groups: [Int]
    /// The worker has the memory that larger bodies lie in.
    private var readsMemory = false
    /// It runs a request that has to be alone: nothing else is sent.
    private var isExclusive = false
    /// Its worker is to end: nothing more is sent, and it is closed when the last answer has come.
    private var isLeaving = false
    /// Nanoseconds of CLOCK_MONOTONIC, as are the next two.
    private(set) var lostAt: UInt64 = 0
    private(set) var lastAnswerAt: UInt64 = 0
    private(set) var handedAt: UInt64 = 0
    /// While it is watched because a request was answered 504 and is still out: for how many ticks it has said nothing.
    private var silentTickCount: Int?
    private var heardAt: UInt64 = 0
    /// The supervisor was told that its worker is stuck.
    var isReportedStuck = false
    /// How often it rested since it was open.
    private var restCount: UInt64 = 0
    private var restEnd: UInt64 = 0

    /// How long it rests, at first and at most.
    private static let restNanoseconds = (first: UInt64(100_000_000), last: UInt64(5_000_000_000))
    /// How long a worker may be at something else when a request's time is up: a second.
    private static let silentTickLimit = 10

    init(_ route: WorkerRoute, credits: Int, model: ServedModel, proxy: ProxyProcess) {
        serial = route.serial
        socketPath = route.socketPath
        groups = Array(repeating: 0, count: credits)
        self.model = model
        self.proxy = proxy
        connect()
    }

    var hasCredit: Bool { state == .open && !isExclusive && !isLeaving && groups.contains(0) }

    var inHandCount: Int { requests.count }

    var isIdle: Bool { state == .open && !isLeaving && requests.count == 0 }

    /// It takes requests, or is about to: a worker listens before it is named.
    var isPromising: Bool { state == .open || state == .connecting && restCount == 0 }

    // MARK: Silence

    var isWatched: Bool { silentTickCount != nil }

    /// A request was answered 504 and is still out.
    func beginWatch() {
        silentTickCount = 0
        heardAt = lastAnswerAt
    }

    /// At each tick while it is watched. Ticks are counted and not time: when this process was slow, answers may be here
    /// that it has not read.
    func countSilence(at now: UInt64) {
        guard let count = silentTickCount, hasOverdue(at: now) else {
            silentTickCount = nil
            return
        }
        silentTickCount = heardAt == lastAnswerAt ? count + 1 : 0
        heardAt = lastAnswerAt
    }

    /// It has a request whose time is up, and has said nothing for too long.
    var isStuck: Bool { silentTickCount.map { $0 >= Self.silentTickLimit } ?? false }

    private func hasOverdue(at now: UInt64) -> Bool {
        guard state == .open else { return false }
        var request = requests.first
        while let current = request, current.deadline > now { request = current.next }
        return request != nil
    }

    // MARK: The socket

    private func connect() {
        do throws(UVError) {
            // Not weakly: an object that was held so is dearer to hold for ever after.
            try Connector.connect(path: socketPath, on: proxy.loop) { [self] result in
                guard state == .connecting else {
                    if case .success(let stream) = result { stream.close() }
                    return
                }
                switch result {
                case .success(let stream): open(stream)
                case .failure(let error): failed(error)
                }
            }
        } catch {
            failed(error)
        }
    }

    private func open(_ stream: Stream) {
        self.stream = stream
        inbox = LinkInbox()
        restCount = 0
        state = .open
        stream.setOwner(self)
        stream.startReading()
        readsMemory = proxy.requests.bodies.lend(to: stream)
        proxy.markDirty(model)
    }

    /// A worker that died before we came, and the supervisor will say so; or one that cannot take us now.
    private func failed(_ error: UVError) {
        proxy.log.debug("cannot connect to a worker", metadata: ["serial": "\(serial)", "reason": "\(error)"])
        rest()
    }

    /// Has no socket for a while, each time for longer. It must have no requests.
    func rest() {
        state = .resting
        let (first, last) = Self.restNanoseconds
        restEnd = Loop.nanoseconds + min(first << min(restCount, 10), last)
        restCount += 1
        proxy.linkRests(self, model)
    }

    /// It has rested long enough.
    func isDue(at now: UInt64) -> Bool { state == .resting && now >= restEnd }

    /// Ends its rest.
    func connectAgain() {
        guard state == .resting else { return }
        state = .connecting
        connect()
    }

    // MARK: Sending

    /// Hands a group of requests to the worker, in one write.
    /// - Parameter buffers: scratch memory for as many pieces as there are requests.
    func send(_ group: ArraySlice<ProxyRequest>, at now: UInt64, buffers: inout [IOBuffer]) {
        guard let stream, let index = groups.firstIndex(of: 0) else {
            preconditionFailure("requests go to a link with credit")
        }
        buffers.removeAll(keepingCapacity: true)
        groups[index] = group.count
        handedAt = now
        let isBusy = requests.count > 0
        for (position, request) in zip(group.indices, group) {
            request.state = .dispatched
            request.link = self
            request.group = index
            request.isBehindOthers = isBusy
            request.dispatchedAt = now
            requests.append(request)
            if request.isAlone { isExclusive = true }
            let flags = FrameFlags.infer(isAlone: request.isAlone, endsGroup: position == group.endIndex - 1)
            buffers.append(IOBuffer(request.frame(flags: flags, readsMemory: readsMemory)))
        }
        do throws(UVError) {
            try write(group, buffers, to: stream)
        } catch {
            lose()
        }
    }

    /// What the socket does not take at once stays where it is until it does.
    private func write(
        _ group: ArraySlice<ProxyRequest>, _ buffers: [IOBuffer], to stream: Stream
    ) throws(UVError) {
        let total = buffers.reduce(0) { $0 + $1.byteCount }
        let taken = stream.queuedByteCount == 0 ? try stream.tryWrite(buffers) : 0
        guard taken < total else { return }
        for request in group { request.isBeingWritten = true }
        try stream.queue(buffers, after: taken, keeping: WrittenRequests(Array(group)))
    }

    /// Tells the worker that nobody waits for the answer. It comes all the same.
    func cancel(_ request: ProxyRequest) {
        // What was in a worker that died has to show that it can be run.
        guard let stream, state == .open, !request.isAlone else { return }
        withUnsafeTemporaryAllocation(byteCount: CancelFrame.byteCount, alignment: 8) { bytes in
            CancelFrame(requestID: request.id).encode(into: bytes.baseAddress!)
            do throws(UVError) { try stream.send(UnsafeRawBufferPointer(bytes)) } catch { lose() }
        }
    }

    // MARK: Answers

    func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer {
        inbox.room(scratch: proxy.linkScratch)
    }

    func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer) {
        let now = Loop.nanoseconds
        lastAnswerAt = now
        do throws(FrameError) {
            try inbox.take(bytes) { (header, frame) throws(FrameError) in
                try answer(ResultFrame(header, frame), frame, at: now)
            }
        } catch {
            proxy.log.error("a worker sent what is no frame", metadata: ["reason": "\(error)"])
            lose()
        }
        if hasCredit { proxy.markDirty(model) }
        closeIfLeft()
    }

    private func answer(_ result: ResultFrame, _ frame: UnsafeRawBufferPointer, at now: UInt64) {
        guard let request = proxy.requests.find(result.requestID), request.link === self else { return }
        let body = UnsafeRawBufferPointer(rebasing: frame[ResultFrame.byteCount...])
        requests.remove(request)
        groups[request.group] -= 1
        if request.isAlone { isExclusive = false }
        proxy.finish(request, result, body, at: now)
    }

    // MARK: The end

    func stream(_ stream: Stream, didEnd error: UVError?) { lose() }

    func streamDidDrain(_ stream: Stream) {}

    func stream(_ stream: Stream, didFailToWrite error: UVError) { lose() }

    /// The worker is gone or as good as gone. What it had waits for the supervisor's word.
    private func lose() {
        guard state == .open else { return }
        state = .lost
        lostAt = Loop.nanoseconds
        stream?.close()
        stream = nil
        var request = requests.first
        while let current = request {
            current.state = .orphaned
            current.mistrustReader()
            request = current.next
        }
        proxy.linkLost(self, model)
    }

    /// Gives up the requests of a lost link, first come first.
    func takeOrphans() -> [ProxyRequest] {
        var orphans: [ProxyRequest] = []
        while let request = requests.popFirst() {
            request.link = nil
            orphans.append(request)
        }
        for index in groups.indices { groups[index] = 0 }
        isExclusive = false
        return orphans
    }

    /// Ends the connection when what it has is answered.
    func leave() {
        isLeaving = true
        closeIfLeft()
    }

    private func closeIfLeft() {
        guard isLeaving, requests.count == 0, state != .lost else { return }
        close()
    }

    /// Ends the connection. It must have no requests.
    func close() {
        state = .closed
        stream?.close()
        stream = nil
    }
}

/// Keeps requests' memory until a socket has taken it.
private final class WrittenRequests {
    private let requests: [ProxyRequest]

    init(_ requests: [ProxyRequest]) { self.requests = requests }
}
