import ApusWire
import Glibc

/// What came on one link, cut into frames.
///
/// Frames and their bodies are ranges of the inbox's own memory: valid until `receive` or `shrink` is called. Behind the
/// last byte there are always `padding` readable bytes, which the JSON parser wants.
struct FrameInbox: ~Copyable {
    static let padding = 64
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

    /// - Parameter bodyByteLimit: a frame that announces a longer body is refused.
    init(bodyByteLimit: Int) {
        self.bodyByteLimit = UInt32(clamping: bodyByteLimit)
        capacity = Self.restingCapacity
        memory = .allocate(byteCount: capacity + Self.padding, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: capacity + Self.padding)
    }

    deinit { memory.deallocate() }

    /// Reads once what `socket` has. What was given out before is invalid from here on.
    mutating func receive(from socket: borrowing Socket) -> Socket.Outcome {
        makeRoom()
        let room = UnsafeMutableRawBufferPointer(start: memory + end, count: capacity - end)
        let outcome = socket.receive(into: room)
        if case .moved(let byteCount) = outcome { end += byteCount }
        return outcome
    }

    /// The last `receive` filled all the room: there may be more.
    var isFull: Bool { end == capacity }

    /// The next whole frame, or nil when more bytes are needed.
    mutating func next() throws(FrameError) -> (frame: InferFrame, body: UnsafeRawBufferPointer)? {
        let bytes = UnsafeRawBufferPointer(start: memory + start, count: end - start)
        switch try FrameHeader.decode(bytes, bodyLimit: bodyByteLimit) {
        case .incomplete(let byteCount):
            wanted = byteCount
            return nil
        case .frame(let header, let body):
            let frame = try InferFrame(header, bytes)
            start += body.upperBound
            wanted = FrameHeader.byteCount
            return (frame, UnsafeRawBufferPointer(rebasing: bytes[body]))
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
        return -offset & (Self.padding - 1)
    }
}
