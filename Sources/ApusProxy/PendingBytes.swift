import Glibc

/// Bytes that came before anybody could use them. Holds no memory while it is empty: an idle connection is
/// small.
struct PendingBytes: ~Copyable {
    private var memory: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0

    deinit { free(memory) }

    var isEmpty: Bool { start == end }
    var count: Int { end - start }

    /// Valid until the next change.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory.map { $0 + start }, count: count)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        if end + bytes.count > capacity { makeRoom(for: bytes.count) }
        memmove(memory! + end, base, bytes.count)
        end += bytes.count
    }

    mutating func removeFirst(_ count: Int) {
        precondition(count <= self.count, "only bytes that are pending are used")
        start += count
        guard start == end else { return }
        free(memory)
        memory = nil
        (capacity, start, end) = (0, 0, 0)
    }

    private mutating func makeRoom(for more: Int) {
        if let memory, start > 0 {
            memmove(memory, memory + start, count)
            (start, end) = (0, count)
        }
        guard end + more > capacity else { return }
        capacity = max(2 * capacity, end + more, 1024)
        memory = realloc(memory, capacity)!
    }
}
