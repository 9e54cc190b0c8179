import ApusWire
import Glibc

/// One inference request between its head and its answer: the frame that goes to a worker, and where it stands.
///
/// `memory` is the frame as it goes out, `InferFrame` and then the body as the client sent it. It is kept until
/// the answer, so that the request can be sent again when its worker dies.
/// Requests are reused; see `RequestTable`.
final class ProxyRequest {
    /// Memory up to this is kept when a request is reused.
    static let keptByteCount = 16 << 10

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
    var endpoint = Endpoint.openInference
    /// Only the version that it was made for may answer it.
    var namesVersion = false
    var servingProtocol = ServingProtocol.other
    var inferenceHeaderByteCount: Int64 = -1
    var coding = ContentCoding.identity
    var accepted: HTTPAcceptedCodings = []
    /// Nanoseconds of CLOCK_MONOTONIC.
    var arrivedAt: UInt64 = 0
    var dispatchedAt: UInt64 = 0
    var deadline: UInt64 = 0
    /// To be run by itself: it was in a worker that crashed.
    var isAlone = false
    /// In its model's list by deadline.
    var isTimed = false
    /// Its deadline is later than the one that its worker was told.
    var isPostponed = false
    var crashCount = 0
    var externalDeathCount = 0
    /// Waits for the end of another request's trial, in its model's list of those.
    var isHeld = false
    /// What `Quarantine` knows it by; nil until that was asked for.
    var fingerprint: UInt64?
    /// Part of `memory` is queued in a socket, so it must not be reused.
    var isBeingWritten = false

    // Its neighbours in the one list it is in (queue, link) and in its model's list by deadline.
    unowned(unsafe) var previous: ProxyRequest?
    unowned(unsafe) var next: ProxyRequest?
    unowned(unsafe) var earlier: ProxyRequest?
    unowned(unsafe) var later: ProxyRequest?

    private(set) var bodyByteCount = 0
    private var memory: UnsafeMutableRawPointer
    private var capacity = 1024

    init() { memory = malloc(capacity)! }

    deinit { free(memory) }

    // MARK: The body

    /// Appends a part of the body.
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        reserve(bytes.count)
        (memory + InferFrame.byteCount + bodyByteCount).copyMemory(from: base, byteCount: bytes.count)
        bodyByteCount += bytes.count
    }

    /// Room for the next part of the body, to be read into directly; then call `extend`.
    func room(for byteCount: Int) -> UnsafeMutableRawBufferPointer {
        reserve(byteCount)
        return UnsafeMutableRawBufferPointer(
            start: memory + InferFrame.byteCount + bodyByteCount, count: byteCount)
    }

    /// All that has come of it.
    var body: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory + InferFrame.byteCount, count: bodyByteCount)
    }

    func extend(by byteCount: Int) { bodyByteCount += byteCount }

    private func reserve(_ more: Int) {
        let needed = InferFrame.byteCount + bodyByteCount + more
        guard needed > capacity else { return }
        // Doubling keeps a body that trickles in linear; realloc moves large blocks without copying.
        capacity = max(needed, capacity * 2)
        memory = realloc(memory, capacity)!
    }

    // MARK: The frame

    /// The frame, ready to be written.
    func frame(flags: FrameFlags) -> UnsafeRawBufferPointer {
        InferFrame(
            requestID: id, flags: flags, bodyByteCount: UInt32(bodyByteCount), deadline: deadline,
            arrivedAt: arrivedAt, inferenceHeaderByteCount: inferenceHeaderByteCount,
            endpoint: endpoint, coding: coding, accepted: accepted
        ).encode(into: memory)
        return UnsafeRawBufferPointer(start: memory, count: InferFrame.byteCount + bodyByteCount)
    }

    /// Makes it fit to be used again.
    func reset() {
        state = .idle
        connection = nil
        model = nil
        link = nil
        isAlone = false
        isPostponed = false
        crashCount = 0
        externalDeathCount = 0
        isHeld = false
        fingerprint = nil
        bodyByteCount = 0
        inferenceHeaderByteCount = -1
        if capacity > Self.keptByteCount {
            capacity = 1024
            memory = realloc(memory, capacity)!
        }
    }
}
