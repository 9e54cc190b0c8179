import ApusWire

/// One proxy's connection to this worker.
///
/// Nothing more is read from a link while answers wait for its proxy to take them, so a proxy that stands
/// still holds up nobody else and costs one turn's answers at most.
final class Link {
    let socket: Socket
    var inbox: FrameInbox
    var outbox = AnswerOutbox()
    /// The peer is gone or sent what is no frame. Answers for it are dropped.
    private(set) var isClosed = false
    /// Its inbox was filled during a turn, and what is in it is for the next one.
    var wasLookedAt = false
    /// Has answers of this run that no write has been tried for.
    var isDirty = false

    init(_ socket: consuming Socket, bodyByteLimit: Int) {
        self.socket = socket
        inbox = FrameInbox(bodyByteLimit: bodyByteLimit)
    }

    /// Answers wait for room in the socket.
    var isBlocked: Bool { !outbox.isEmpty }

    /// There is something to admit though the socket may have no more.
    var hasUnread: Bool { wasLookedAt && !isBlocked && !isClosed }

    /// Writes what the socket takes.
    func flush() {
        isDirty = false
        guard !isClosed else { return }
        if outbox.flush(to: socket) == .closed { close() }
    }

    /// Gives it up; the descriptor goes with the last reference.
    func close() { isClosed = true }
}
