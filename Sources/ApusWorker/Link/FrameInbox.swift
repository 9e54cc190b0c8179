import ApusWire
import Glibc

/// What came on one link, cut into frames.
///
/// Frames and their bodies are ranges of the inbox's own memory: valid until `receive` or `shrink` is called. Larger
/// bodies lie in the link's memory, as long as there is the inbox. Behind the last byte there are always `padding`
/// readable bytes, which the JSON parser wants.
struct FrameInbox: ~Copyable {
    static let padding = InferFrame.bodyPadding
    /// What the memory comes back to after a big frame, and what it begins with.
    static let restingCapacity = 64 << 10

    private let bodyByteLimit: UInt32
    private var memory: UnsafeMutableRawPointer
    private(set) var capacity: Int
    /// Bytes that came and are not yet given out lie in `start ..< end`.
    private var start = 0
    private var end = 0
    /// How many bytes the frame at `start` needs in all, as far as is known.
    private var wanted = FrameHeader.byteCount
    /// What bodies lie in that do not come with their frames; nil until it came.
    private var linkMemory: LinkMemory?
    /// What came with bytes that are not given out yet.
    private var descriptors: [Int32] = []
    /// The requests whose clients have gone, see `takeCancelled`.
    private var cancelled: [UInt64] = []

    /// - Parameter bodyByteLimit: a frame that announces a longer body is refused.
    init(bodyByteLimit: Int) {
        self.bodyByteLimit = UInt32(clamping: bodyByteLimit)
        capacity = Self.restingCapacity
        memory = .allocate(byteCount: capacity + Self.padding, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + Self.padding)
    }

    deinit {
        memory.deallocate()
        for descriptor in descriptors { close(descriptor) }
    }

    /// Reads once what `socket` has. What was given out before is invalid from here on.
    mutating func receive(from socket: borrowing Socket) -> Socket.Outcome {
        makeRoom()
        let room = UnsafeMutableRawBufferPointer(start: memory + end, count: capacity - end)
        var descriptor: Int32 = -1
        let outcome = socket.receive(into: room, passed: &descriptor)
        if descriptor >= 0 { descriptors.append(descriptor) }
        if case .moved(let byteCount) = outcome { end += byteCount }
        return outcome
    }

    /// The last `receive` filled all the room: there may be more.
    var isFull: Bool { end == capacity }

    /// More may be received though not all that came was given out.
    var hasRoom: Bool { start > 0 || end < capacity }

    /// The next whole request, or nil when more bytes are needed.
    mutating func next() throws(FrameError) -> (frame: InferFrame, body: UnsafeRawBufferPointer)? {
        while true {
            let bytes = UnsafeRawBufferPointer(start: memory + start, count: end - start)
            switch try FrameHeader.decode(bytes, bodyLimit: bodyByteLimit) {
            case .incomplete(let byteCount):
                wanted = byteCount
                // One may belong to a frame of which a part has come.
                if descriptors.count > (start == end ? 0 : 1) { throw .memoryUnused }
                return nil
            case .frame(let header, let body):
                start += body.upperBound
                wanted = FrameHeader.byteCount
                switch header.kind {
                case .cancel:
                    cancelled.append(try CancelFrame(header).requestID)
                    continue
                case .memory:
                    _ = try MemoryFrame(header)
                    try takeMemory()
                    continue
                case .infer, .result: break
                }
                let frame = try InferFrame(header, bytes)
                if frame.memoryOffset != nil { return (frame, try bodyInMemory(frame)) }
                return (frame, UnsafeRawBufferPointer(rebasing: bytes[body]))
            }
        }
    }

    /// Looks through the whole frames that `next` has not given out yet for requests that are cancelled. What is wrong
    /// with them is for `next` to say.
    mutating func lookAhead() {
        var place = start
        while case .frame(let header, let body)? = try? FrameHeader.decode(
            UnsafeRawBufferPointer(start: memory + place, count: end - place), bodyLimit: bodyByteLimit)
        {
            if header.kind == .cancel { cancelled.append(header.requestID) }
            place += body.upperBound
        }
    }

    /// The requests that were found to be cancelled since the last call. They came before, and may be answered.
    mutating func takeCancelled() -> [UInt64] {
        guard !cancelled.isEmpty else { return [] }
        defer { cancelled.removeAll() }
        return cancelled
    }

    private mutating func takeMemory() throws(FrameError) {
        guard linkMemory == nil else { throw .memoryTwice }
        guard !descriptors.isEmpty else { throw .memoryMissing }
        linkMemory = try LinkMemory(descriptors.removeFirst())
    }

    private func bodyInMemory(_ frame: InferFrame) throws(FrameError) -> UnsafeRawBufferPointer {
        guard frame.bodyByteCount <= bodyByteLimit else {
            throw .bodyTooLarge(byteCount: frame.bodyByteCount, limit: bodyByteLimit)
        }
        switch linkMemory {
        case .some(let memory): return try memory.body(of: frame)
        case .none: throw .memoryMissing
        }
    }

    /// Gives the memory of a big frame back once it is empty.
    mutating func shrink() {
        guard start == end, capacity > Self.restingCapacity else { return }
        move(to: Self.restingCapacity)
    }

    /// Moves what is left to the front, and grows in one step to what the frame there needs.
    private mutating func makeRoom() {
        if start == end {
            start = 0
            end = 0
        }
        guard start + wanted > capacity || end == capacity else { return }
        if wanted > capacity {
            move(to: wanted)
        } else if start > 0 {
            memmove(memory, memory + start, end - start)
            end -= start
            start = 0
        }
    }

    private mutating func move(to byteCount: Int) {
        let lead = alignment
        let newCapacity = byteCount + lead
        let new = UnsafeMutableRawPointer.allocate(byteCount: newCapacity + Self.padding, alignment: Self.padding)
        memcpy(new + lead, memory + start, end - start)
        memset(new + newCapacity, 0, Self.padding)
        memory.deallocate()
        memory = new
        capacity = newCapacity
        end += lead - start
        start = lead
    }

    /// How far behind an aligned address the first frame has to begin for the tensors behind its JSON to be
    /// aligned: a model runs large ones where they lie.
    private var alignment: Int {
        guard end - start >= InferFrame.byteCount else { return 0 }
        let offset = InferFrame.tensorOffset(UnsafeRawBufferPointer(start: memory + start, count: end - start))
        return (0 &- offset) & (Self.padding - 1)
    }
}
