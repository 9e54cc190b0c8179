import ApusWire
import CProcess
import Glibc

/// The memory that proxies pass with large requests, mapped to be read where it lies.
///
/// Proxies use theirs again and again, so what was mapped once stays so for a while. A mapping is known by its file,
/// which cannot be another one as long as it is mapped.
final class PassedMemory {
    /// What stays mapped between two turns, at most.
    static let countLimit = 16
    static let byteLimit = 128 << 20
    /// How long it does when nobody passes it again.
    static let idleNanoseconds: UInt64 = 1_000_000_000

    private struct Mapping {
        let device: dev_t
        let inode: ino_t
        let bytes: UnsafeRawBufferPointer
        var usedAt: UInt64
    }

    /// The one used last is the last.
    private var mappings: [Mapping] = []

    deinit { for index in mappings.indices.reversed() { unmap(index) } }

    var isEmpty: Bool { mappings.isEmpty }
    var count: Int { mappings.count }
    var byteCount: Int { mappings.reduce(0) { $0 + $1.bytes.count } }

    /// The body of `frame`, and behind it the bytes that readers want there. Valid until `endTurn`.
    /// - Parameter descriptor: what came with the frame. It is closed.
    /// - Throws: when it is not what frames may come with.
    func body(of frame: InferFrame, in descriptor: Int32) throws(FrameError) -> UnsafeRawBufferPointer {
        defer { close(descriptor) }
        let bytes = try map(descriptor)
        guard let offset = frame.memoryOffset, frame.memoryByteCount <= UInt64(bytes.count) else {
            throw .memoryTooSmall(byteCount: UInt64(bytes.count), wanted: frame.memoryByteCount)
        }
        return UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset) + Int(frame.bodyByteCount)])
    }

    /// No body is read any more: lets go of what is too much, or was not needed for a while.
    func endTurn(at now: UInt64) {
        while let index = mappings.firstIndex(where: { $0.bytes.count > Self.byteLimit }) { unmap(index) }
        while let first = mappings.first {
            let isIdle = now >= first.usedAt &+ Self.idleNanoseconds
            guard isIdle || mappings.count > Self.countLimit || byteCount > Self.byteLimit else { return }
            unmap(0)
        }
    }

    private func map(_ descriptor: Int32) throws(FrameError) -> UnsafeRawBufferPointer {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .memoryUnusable(errno: errno) }
        let now = MonotonicClock.now()
        let known = mappings.lastIndex { $0.inode == facts.st_ino && $0.device == facts.st_dev }
        if let known {
            var mapping = mappings.remove(at: known)
            mapping.usedAt = now
            mappings.append(mapping)
            return mapping.bytes
        }
        // Sealed for ever: it will not become smaller than it is now.
        guard apus_has_fixed_size(descriptor) == 1 else { throw .memoryNotSealed }
        let byteCount = Int(facts.st_size)
        guard let start = apus_map_readable(descriptor, byteCount) else { throw .memoryUnusable(errno: errno) }
        let bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
        mappings.append(Mapping(device: facts.st_dev, inode: facts.st_ino, bytes: bytes, usedAt: now))
        return bytes
    }

    private func unmap(_ index: Int) {
        let bytes = mappings.remove(at: index).bytes
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }
}
