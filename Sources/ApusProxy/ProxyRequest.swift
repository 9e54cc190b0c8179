import ApusLoop
import ApusWire
import Glibc

/// One inference request between its head and its answer: the frame that goes to a worker, and where it stands.
///
/// Its memory holds the frame as it goes out, `InferFrame` and then the body as the client sent it, until the answer,
/// so that the request can be sent again when its worker dies. A large body lies in memory that workers are given to
/// read, see `BodyMemory`.
/// Requests are reused; see `RequestTable`.
final class ProxyRequest {
    /// Memory up to this is kept when a request is reused.
    static let keptByteCount = 16 << 10
    /// So much of a body must have come before it gets memory as its announced length asks for: who only announces
    /// a length takes none.
    static let earnestByteCount = 32 << 10

    enum State {
        /// In the pool, or its body is arriving.
        case idle
        /// Waits in its model's queue.
        case queued
        /// With a worker.
        case dispatched
        /// Its worker is gone; the supervisor will say how.
        case orphaned
    }

    /// The slot in the table, and how often it was given out. Names this use of the object and no other.
    var id: UInt64 = 0
    var state = State.idle
    /// Nil when the client has gone, or has had its 504. The connection clears it before it goes.
    unowned(unsafe) var connection: ClientConnection?
    var model: ServedModel?
    var link: WorkerLink?
    /// Which of its link's groups it was handed out with.
    var group = 0
    /// Its worker had others when it got this one.
    var isBehindOthers = false
    var endpoint = Endpoint.openInference
    /// Only the version that it was made for may answer it.
    var namesVersion = false
    var servingProtocol = ServingProtocol.other
    var inferenceHeaderByteCount: Int64 = -1
    var coding = ContentCoding.identity
    var accepted: HTTPAcceptedCodings = []
    /// When its head was here, in nanoseconds of CLOCK_MONOTONIC, as are the next three.
    var startedAt: UInt64 = 0
    /// All of it was here.
    var arrivedAt: UInt64 = 0
    var dispatchedAt: UInt64 = 0
    var deadline: UInt64 = 0
    /// To be run by itself: it was in a worker that crashed.
    var isAlone = false
    /// In its model's list by deadline.
    var isTimed = false
    /// Its client has had a 504, which was counted.
    var isAnswered = false
    /// Its deadline is later than the one that its worker was told.
    var isPostponed = false
    var crashCount = 0
    var externalDeathCount = 0
    /// Waits for the end of another request's trial, in its model's list of those.
    var isHeld = false
    /// What `Quarantine` knows it by; nil until that was asked for.
    var fingerprint: UInt64?
    /// Part of its memory was queued in a socket, which has the object, so neither must be reused.
    var isBeingWritten = false

    // Its neighbours in the one list it is in (queue, link) and in its model's list by deadline.
    unowned(unsafe) var previous: ProxyRequest?
    unowned(unsafe) var next: ProxyRequest?
    unowned(unsafe) var earlier: ProxyRequest?
    unowned(unsafe) var later: ProxyRequest?

    private(set) var bodyByteCount = 0
    /// What the client announced; 0 when it did not.
    var announcedByteCount = 0
    private let bodies: BodyMemory?
    /// What the frame of a larger body lies in; nil when it is in `heap`.
    private var block: BodyMemory.Block?
    /// How many workers that nothing is known of may still read `block`.
    private var unknownReaderCount = 0
    /// A worker was given it. What was outgrown or refused before is not kept for others: whoever sends too much leaves
    /// nothing behind.
    private var wasHandedOut = false
    private var heap: UnsafeMutableRawPointer
    private var heapCapacity = 1024
    /// The frame's place in whichever it is, and the bytes from there on that are ours.
    private var start: UnsafeMutableRawPointer
    private var capacity: Int

    /// - Parameter bodies: where the memory of larger bodies comes from; without it they are like all others.
    init(bodies: BodyMemory? = nil) {
        self.bodies = bodies
        heap = malloc(heapCapacity)!
        start = heap
        capacity = heapCapacity
    }

    deinit {
        if let block { give(block) }
        free(heap)
    }

    // MARK: The body

    /// Appends a part of the body.
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        reserve(bytes.count, comes: true)
        (start + InferFrame.byteCount + bodyByteCount).copyMemory(from: base, byteCount: bytes.count)
        bodyByteCount += bytes.count
    }

    /// Room for the next part of the body, to be read into directly; then call `extend`.
    func room(for byteCount: Int) -> UnsafeMutableRawBufferPointer {
        reserve(byteCount, comes: false)
        return UnsafeMutableRawBufferPointer(
            start: start + InferFrame.byteCount + bodyByteCount, count: byteCount)
    }

    /// All that has come of it.
    var body: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start + InferFrame.byteCount, count: bodyByteCount)
    }

    func extend(by byteCount: Int) { bodyByteCount += byteCount }

    /// - Parameter comes: the bytes are here.
    private func reserve(_ more: Int, comes: Bool) {
        let needed = InferFrame.byteCount + bodyByteCount + more
        guard needed > capacity else { return }
        grow(to: needed, isEarnest: bodyByteCount + (comes ? more : 0) >= Self.earnestByteCount)
    }

    private func grow(to needed: Int, isEarnest: Bool) {
        let announced = isEarnest ? max(needed, InferFrame.byteCount + announcedByteCount) : needed
        if announced >= BodyMemory.threshold, moveToBlock(announced) { return }
        growHeap(to: needed)
    }

    /// Doubling keeps a body that trickles in linear; realloc moves large blocks without copying.
    private func growHeap(to needed: Int) {
        let wanted = max(needed, capacity * 2)
        heap = realloc(heap, wanted)!
        if let block {
            heap.copyMemory(from: start, byteCount: InferFrame.byteCount + bodyByteCount)
            give(block)
        }
        heapCapacity = wanted
        start = heap
        capacity = wanted
    }

    /// Moves the frame to memory that workers read.
    /// - Returns: false when there is none.
    private func moveToBlock(_ needed: Int) -> Bool {
        guard let bodies else { return false }
        // The tensors behind the body's JSON are aligned: a model runs large ones where they lie.
        let offset = InferFrame.tensorOffset(inferenceHeaderByteCount: inferenceHeaderByteCount)
        let lead = (0 &- offset) & (BodyMemory.alignment - 1)
        // Of unknown length: twice as much each time keeps it linear.
        let wanted = block == nil ? needed : max(needed, capacity * 2)
        guard let new = bodies.take(byteCount: lead + wanted + InferFrame.bodyPadding) else { return false }
        let place = bodies.address(of: new) + lead
        place.copyMemory(from: start, byteCount: InferFrame.byteCount + bodyByteCount)
        if let block { give(block) }
        block = new
        start = place
        capacity = new.byteCount - lead - InferFrame.bodyPadding
        return true
    }

    private func give(_ block: BodyMemory.Block) {
        if unknownReaderCount > 0 { bodies?.giveLater(block) } else { bodies?.give(block, isKept: wasHandedOut) }
        self.block = nil
        wasHandedOut = false
        unknownReaderCount = 0
    }

    /// The link that it was sent on is lost, but perhaps not the worker: its memory is used for no other request.
    func mistrustReader() {
        if block != nil { unknownReaderCount += 1 }
    }

    /// That worker is no more. Others that had it before may be.
    func readerHasEnded() { unknownReaderCount = max(0, unknownReaderCount - 1) }

    /// Tells the worker that has it, if one has, that nobody waits for the answer.
    func cancel() {
        if state == .dispatched { link?.cancel(self) }
    }

    // MARK: The frame

    /// The frame, ready to be written.
    /// - Parameter readsMemory: the worker has the memory that larger bodies lie in: they stay there.
    func frame(flags: FrameFlags, readsMemory: Bool) -> UnsafeRawBufferPointer {
        wasHandedOut = true
        let offset = readsMemory ? bodyOffset : nil
        InferFrame(
            requestID: id, flags: flags, bodyByteCount: UInt32(bodyByteCount), deadline: deadline,
            arrivedAt: arrivedAt, inferenceHeaderByteCount: inferenceHeaderByteCount,
            endpoint: endpoint, coding: coding, accepted: accepted, memoryOffset: offset
        ).encode(into: start)
        return UnsafeRawBufferPointer(start: start, count: InferFrame.byteCount + (offset == nil ? bodyByteCount : 0))
    }

    /// Where in the memory that workers read the body begins; nil when it is not there.
    private var bodyOffset: UInt64? {
        guard let block, let bodies else { return nil }
        return UInt64(block.offset + (start - bodies.address(of: block)) + InferFrame.byteCount)
    }

    /// The body lies in memory that workers read.
    var isShared: Bool { block != nil }

    /// From its arrival to its worker. A request that came while a turn's were handed out may be among them, though it
    /// arrived after the turn's time was read: it did not wait.
    var queueNanoseconds: UInt64 { dispatchedAt > arrivedAt ? dispatchedAt - arrivedAt : 0 }

    /// Makes it fit to be used again.
    func reset() {
        state = .idle
        connection = nil
        model = nil
        link = nil
        isAlone = false
        isAnswered = false
        isPostponed = false
        crashCount = 0
        externalDeathCount = 0
        isHeld = false
        fingerprint = nil
        bodyByteCount = 0
        announcedByteCount = 0
        inferenceHeaderByteCount = -1
        if let block { give(block) }
        if heapCapacity > Self.keptByteCount {
            heapCapacity = 1024
            heap = realloc(heap, heapCapacity)!
        }
        start = heap
        capacity = heapCapacity
    }
}
