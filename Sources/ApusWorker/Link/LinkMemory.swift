import ApusWire
import CProcess
import Glibc

/// The memory that a proxy lays bodies in, mapped to be read where they lie.
struct LinkMemory: ~Copyable {
    private let bytes: UnsafeRawBufferPointer

    /// - Parameter descriptor: what came with a `MemoryFrame`. It is closed.
    /// - Throws: when it is not what comes with one.
    init(_ descriptor: Int32) throws(FrameError) {
        defer { close(descriptor) }
        // Sealed for ever: it will not become smaller than it is now.
        guard apus_has_fixed_size(descriptor) == 1 else { throw .memoryNotSealed }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, let start = apus_map_readable(descriptor, Int(facts.st_size)) else {
            throw .memoryUnusable(errno: errno)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: Int(facts.st_size))
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    /// The body of `frame`, and behind it the bytes that readers want there.
    func body(of frame: InferFrame) throws(FrameError) -> UnsafeRawBufferPointer {
        guard let offset = frame.memoryOffset, frame.memoryByteCount <= UInt64(bytes.count) else {
            throw .memoryTooSmall(byteCount: UInt64(bytes.count), wanted: frame.memoryByteCount)
        }
        return UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset) + Int(frame.bodyByteCount)])
    }
}
