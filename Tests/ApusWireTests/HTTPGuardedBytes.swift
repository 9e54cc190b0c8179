import Glibc

/// A copy of bytes that ends where a page begins that may not be touched: who reads one byte too far is stopped.
final class GuardedBytes {
    private let mapping: UnsafeMutableRawPointer
    private let mappingByteCount: Int
    /// The copy. Lives as long as this object.
    let bytes: UnsafeRawBufferPointer

    init(_ source: [UInt8]) {
        let page = Int(sysconf(CInt(_SC_PAGESIZE)))
        let room = (source.count + page - 1) / page * page
        mappingByteCount = room + page
        mapping = mmap(nil, mappingByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        precondition(mapping != MAP_FAILED, "there is memory for a test")
        precondition(mprotect(mapping + room, page, PROT_NONE) == 0, "a page can be protected")
        let start = mapping + (room - source.count)
        source.withUnsafeBytes { source in
            if let base = source.baseAddress { start.copyMemory(from: base, byteCount: source.count) }
        }
        bytes = UnsafeRawBufferPointer(start: start, count: source.count)
    }

    deinit { munmap(mapping, mappingByteCount) }
}
