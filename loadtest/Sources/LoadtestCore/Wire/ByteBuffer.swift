import Glibc

/// Bytes that grow at the end and keep their memory when emptied. Freed with its owner by `free()`.
struct ByteBuffer {
    private(set) var count = 0
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    var isEmpty: Bool { count == 0 }

    /// Valid until the next change.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory.baseAddress, count: count)
    }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        guard let source = more.baseAddress, more.count > 0 else { return }
        if count + more.count > memory.count { grow(to: count + more.count) }
        (memory.baseAddress! + count).copyMemory(from: source, byteCount: more.count)
        count += more.count
    }

    mutating func removeAll() { count = 0 }

    func free() { memory.deallocate() }

    private mutating func grow(to wanted: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(wanted, memory.count * 2, 4096), alignment: 16)
        if let old = memory.baseAddress {
            larger.baseAddress!.copyMemory(from: old, byteCount: count)
        }
        memory.deallocate()
        memory = larger
    }
}
