import ApusWire
import Glibc

/// Collects the bytes of a link into frames. Between two reads it holds memory only for a frame that is not
/// whole yet; whole ones are handed out from the loop's own scratch memory, uncopied.
struct LinkInbox: ~Copyable {
    /// An answer is not larger: the frame's length is checked before memory is made for it.
    static let bodyByteLimit: UInt32 = 1 << 30

    private var partial: UnsafeMutableRawPointer?
    private var capacity = 0
    private var filled = 0
    private var wanted = 0
    private var usesScratch = true

    deinit { free(partial) }

    /// Where to read next.
    mutating func room(scratch: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        usesScratch = filled == 0
        if usesScratch { return scratch }
        let needed = max(wanted, filled + 4096)
        if needed > capacity {
            capacity = needed
            partial = realloc(partial, capacity)!
        }
        return UnsafeMutableRawBufferPointer(start: partial! + filled, count: capacity - filled)
    }

    /// Takes what was read into the room given out last and reports each whole frame, from its head on.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer,
        onFrame: (FrameHeader, UnsafeRawBufferPointer) throws(FrameError) -> Void
    ) throws(FrameError) {
        if usesScratch {
            let rest = try frames(bytes, onFrame)
            if rest.count > 0 { keep(rest) }
            return
        }
        filled += bytes.count
        let all = UnsafeRawBufferPointer(start: partial, count: filled)
        let rest = try frames(all, onFrame)
        if rest.count == 0 {
            free(partial)
            partial = nil
            capacity = 0
        } else if rest.count < filled {
            memmove(partial!, rest.baseAddress!, rest.count)
        }
        filled = rest.count
    }

    private mutating func frames(
        _ bytes: UnsafeRawBufferPointer,
        _ onFrame: (FrameHeader, UnsafeRawBufferPointer) throws(FrameError) -> Void
    ) throws(FrameError) -> UnsafeRawBufferPointer {
        var rest = bytes
        while rest.count > 0 {
            switch try FrameHeader.decode(rest, bodyLimit: Self.bodyByteLimit) {
            case .incomplete(let byteCount):
                wanted = byteCount
                return rest
            case .frame(let header, let body):
                try onFrame(header, UnsafeRawBufferPointer(rebasing: rest[..<body.upperBound]))
                rest = UnsafeRawBufferPointer(rebasing: rest[body.upperBound...])
            }
        }
        return rest
    }

    private mutating func keep(_ rest: UnsafeRawBufferPointer) {
        capacity = max(wanted, rest.count)
        partial = malloc(capacity)!
        partial!.copyMemory(from: rest.baseAddress!, byteCount: rest.count)
        filled = rest.count
    }
}
