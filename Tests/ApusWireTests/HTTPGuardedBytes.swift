import Glibc

/// Memory that ends where a page begins that may not be touched: who reads one byte too far is
/// stopped.
final class GuardedBytes {
    private let mapping: UnsafeMutableRawPointer
    private let roomByteCount: Int
    private let pageByteCount: Int

    /// - Parameter capacity: the most bytes that `copy` will be given.
    init(capacity: Int) {
        pageByteCount = Int(sysconf(CInt(_SC_PAGESIZE)))
        roomByteCount = (max(capacity, 1) + pageByteCount - 1) / pageByteCount * pageByteCount
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let access = PROT_READ | PROT_WRITE
        mapping = mmap(nil, roomByteCount + pageByteCount, access, flags, -1, 0)!
        precondition(mapping != MAP_FAILED, "there is memory for a test")
        let guardPage = mprotect(mapping + roomByteCount, pageByteCount, PROT_NONE)
        precondition(guardPage == 0, "a page can be protected")
    }

    convenience init(_ bytes: [UInt8]) { self.init(capacity: bytes.count) }

    deinit { munmap(mapping, roomByteCount + pageByteCount) }

    /// Copies `source` so that it ends at the guarded page. Valid until the next copy.
    func copy(_ source: ArraySlice<UInt8>) -> UnsafeRawBufferPointer {
        let start = mapping + (roomByteCount - source.count)
        source.withUnsafeBytes { source in
            if let base = source.baseAddress {
                start.copyMemory(from: base, byteCount: source.count)
            }
        }
        return UnsafeRawBufferPointer(start: start, count: source.count)
    }
}
