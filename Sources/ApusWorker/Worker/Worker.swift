import ApusLog
import ApusModel
import ApusWire
import Logging

/// Serves one model to all proxies, one turn after the other: what the links have is read, decoded, run
/// together where it may be, answered; then the next turn.
final class Worker {
    private let turn: Turn
    private let bodyByteLimit: Int
    private let maxDelay: UInt64
    private let log: Logger
    private var control: ControlChannel
    private var listener: Socket
    private let socketPath: String
    private var links: [Link] = []
    /// Told to leave when the links are closed.
    private var isDraining = false
    private var set = PollSet()
    /// What of the features' values the supervisor has not been told yet, and when it was told last.
    private var counts = OutOfRangeCounts()
    private var wear: Wear

    init(_ model: WorkerModel, control: consuming ControlChannel, listener: consuming Socket, socketPath: String) {
        turn = Turn(model)
        bodyByteLimit = model.settings.bodyByteLimit
        maxDelay = model.settings.maxDelayNanoseconds
        log = model.log
        wear = Wear(
            byteLimit: model.settings.workerByteLimit, requestLimit: model.settings.workerRequestLimit,
            at: MonotonicClock.now())
        self.control = control
        self.listener = listener
        self.socketPath = socketPath
    }

    /// Serves until it is told to leave.
    /// - Throws: only what no worker can go on after.
    func serve() throws -> ExitStatus {
        while true {
            if isDraining && links.isEmpty { return .ok }
            guard try takeIn(nanoseconds: counts.isEmpty ? -1 : Limits.restNanoseconds) else { return .ok }
            try waitForMore()
            let requestCount = turn.requests.count
            turn.run(look: lookForCancelled)
            try reportCounts()
            for link in links { link.inbox.shrink() }
            if requestCount > 0 { try reportWear(requestCount) }
            links.removeAll { $0.isClosed }
        }
    }

    /// Waits for something to happen and takes it in.
    /// - Returns: false when the supervisor closed the control socket: stop at once.
    private func takeIn(nanoseconds: Int64) throws -> Bool {
        set.removeAll()
        set.add(control.socket.descriptor)
        set.add(links.count < Limits.linkCount ? listener.descriptor : -1)  // -1 is passed over (poll(2))
        var hasUnread = false
        for link in links {
            set.add(link.socket.descriptor, toWrite: link.isBlocked)
            hasUnread = hasUnread || link.hasUnread
        }
        guard try set.wait(nanoseconds: hasUnread ? 0 : nanoseconds) || hasUnread else { return true }
        if set.isReady(0), try !takeOrders() { return false }
        turn.begin()
        for (index, link) in links.enumerated() {
            // First, since its inbox may be full.
            if link.hasUnread {
                turn.ownBodies()
                admitAll(link)
            }
            guard set.isReady(index + 2), !link.isClosed else { continue }
            if link.isBlocked { link.flush() } else { read(link) }
        }
        if set.isReady(1) { acceptLinks() }
        return true
    }

    /// Gives a run the time to fill up, as far as that is allowed: counted from the earliest arrival.
    private func waitForMore() throws {
        guard maxDelay > 0, turn.isBatchable else { return }
        while !turn.requests.isEmpty, turn.rowCount < turn.planner.rowLimit {
            let now = MonotonicClock.now()
            let end = turn.earliestArrival.addingReportingOverflow(maxDelay).partialValue
            guard now < end, end - now <= maxDelay else { return }
            guard try takeIn(nanoseconds: Int64(end - now)) else { return }
        }
    }

    /// Tells the supervisor what was outside of ranges, once a second at most.
    private func reportCounts() throws {
        guard let features = turn.model.features else { return }
        if let new = features.takeCounts() { counts.add(new, turn.model) }
        if let due = counts.takeDue(at: MonotonicClock.now(), names: turn.model.schema.features.map(\.name)) {
            try? control.send(WorkerReport.outOfRange(due))
        }
    }

    private func takeOrders() throws -> Bool {
        guard control.receive() else { return false }
        while let order: WorkerOrder = try control.pending() {
            switch order {
            case .drain: isDraining = true
            case .listen: try listenAgain()
            }
        }
        return true
    }

    /// Asks to be replaced when this worker has done enough, and again when it holds more than it may. It goes on
    /// until it is told to leave.
    private func reportWear(_ requestCount: Int) throws {
        guard wear.isLimited, let finding = wear.finding(afterAnswering: requestCount, at: turn.mark) else { return }
        try control.send(finding == .overLimit ? WorkerReport.overLimit : .worn)
    }

    /// Somebody deleted the socket. Without one the worker serves the links that it has.
    private func listenAgain() throws {
        do throws(SystemError) {
            listener = try Socket.listening(at: socketPath)
        } catch {
            return log.error("cannot listen again", metadata: ["reason": "\(error)"])
        }
        try control.send(WorkerReport.listening)
    }

    private func acceptLinks() {
        while links.count < Limits.linkCount, let descriptor = listener.accept() {
            links.append(Link(Socket(owning: descriptor), bodyByteLimit: bodyByteLimit))
        }
    }

    /// Reads all that a link has.
    private func read(_ link: Link) {
        repeat {
            turn.ownBodies()
            switch link.inbox.receive(from: link.socket) {
            case .moved: admitAll(link)
            case .wouldBlock: return
            case .closed: return link.close()
            }
        } while link.inbox.isFull && !link.isClosed && !turn.borrowsBodies
    }

    private func admitAll(_ link: Link) {
        link.wasLookedAt = false
        do throws(FrameError) {
            while let (frame, body) = try link.inbox.next() { turn.admit(frame, body, from: link) }
        } catch {
            // Only this link is lost: the others are served, and its proxy sees the end and connects anew.
            log.error("a link is closed", metadata: ["reason": "\(error)"])
            link.close()
        }
        cancelAll(link)
    }

    /// Finds those of the turn's requests whose clients have gone since it began. Requests that came meanwhile stay in
    /// their inboxes, for the next turn.
    private func lookForCancelled() {
        for link in links where !link.isClosed && link.inbox.hasRoom {
            switch link.inbox.receive(from: link.socket) {
            case .moved:
                link.inbox.lookAhead()
                link.wasLookedAt = true
            case .wouldBlock: continue
            case .closed: link.close()
            }
            cancelAll(link)
        }
    }

    private func cancelAll(_ link: Link) {
        for id in link.inbox.takeCancelled() { turn.cancel(id, from: link) }
    }
}
