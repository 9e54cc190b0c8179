/// Elements of one type in memory of our own, one after the other: what requests are decoded into and what a
/// run reads. Grows, is emptied, and is used again; once warm it allocates nothing.
///
/// Numbers lie in `memory`, aligned to 64 bytes, in the machine's byte order (little-endian on both machines
/// we serve on, so the same as in the binary tensor extension). A bool is one byte, 0 or 1.
/// Strings lie end to end in `memory`; string `i` is `memory[ends[i - 1] ..< ends[i]]`.
///
/// The first numbers may be borrowed instead: then they lie where they came, until `own` is called or more is
/// appended.
package final class TensorBuffer {
    package let elementType: ElementType
    /// How many elements there are.
    package private(set) var count = 0
    /// Bytes in use.
    package private(set) var byteCount = 0
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    /// Somebody else's memory, which holds everything in use; nil when it is in `memory`.
    private var borrowed: UnsafeRawPointer?
    private var stringEnds: [Int] = []
    /// The elements, in ascending order, that stand where a value could not be read, so that those behind them are
    /// in their places. The request that they belong to is refused.
    package private(set) var unread: [Int] = []

    package init(_ elementType: ElementType) {
        self.elementType = elementType
        capacity = 1024
        memory = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit { memory.deallocate() }

    /// Bytes in use, with those that say where strings end and which elements are unread.
    package var heldByteCount: Int { byteCount + (stringEnds.count + unread.count) * MemoryLayout<Int>.size }

    /// Everything in use. Valid until the next append, truncation or release.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: borrowed ?? UnsafeRawPointer(memory), count: byteCount)
    }

    /// Where each string ends within `bytes`. Empty unless `elementType` is `string`.
    package var ends: [Int] { stringEnds }

    /// String `index`, borrowed.
    package func string(_ index: Int) -> UnsafeRawBufferPointer {
        let start = index == 0 ? 0 : stringEnds[index - 1]
        return UnsafeRawBufferPointer(start: memory + start, count: stringEnds[index] - start)
    }

    /// Makes room for `elements` more numbers and counts them as present.
    /// - Returns: their memory, uninitialised: the caller fills all of it before anybody reads.
    package func extend(elements: Int) -> UnsafeMutableRawPointer {
        guard let size = elementType.byteCount else { preconditionFailure("strings are appended one by one") }
        let start = byteCount
        reserve(elements * size)
        byteCount += elements * size
        count += elements
        return memory + start
    }

    /// Takes numbers where they lie, for as long as that memory stays: until `own`.
    /// - Parameter bytes: whole elements of `elementType`.
    /// - Returns: false, and nothing is done, when something is here already or the memory is not aligned.
    package func borrow(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard count == 0, let size = elementType.byteCount, let base = bytes.baseAddress,
            UInt(bitPattern: base) % UInt(size) == 0
        else { return false }
        borrowed = base
        byteCount = bytes.count
        count = bytes.count / size
        return true
    }

    /// What is in use is somebody else's memory.
    package var isBorrowed: Bool { borrowed != nil }

    /// Copies what is borrowed: its memory may go then.
    package func own() {
        guard borrowed != nil else { return }
        reserve(0)
    }

    /// Appends a copy of one string. Only for `elementType` `string`.
    package func append(string: UnsafeRawBufferPointer) {
        reserve(string.count)
        if let base = string.baseAddress { (memory + byteCount).copyMemory(from: base, byteCount: string.count) }
        byteCount += string.count
        count += 1
        stringEnds.append(byteCount)
    }

    /// Drops everything after the first `count` elements: takes back a request that turned out wrong.
    package func truncate(to newCount: Int) {
        precondition(newCount <= count, "a buffer is truncated to what it has")
        if let size = elementType.byteCount {
            byteCount = newCount * size
        } else {
            stringEnds.removeLast(count - newCount)
            byteCount = stringEnds.last ?? 0
        }
        count = newCount
        if newCount == 0 { borrowed = nil }
        while let last = unread.last, last >= newCount { unread.removeLast() }
    }

    /// Makes element `place` an unread one, and the last: whatever of it, or behind it, is here goes.
    /// - Parameter place: at most `count`.
    package func leaveUnread(at place: Int) {
        truncate(to: place)
        if let size = elementType.byteCount {
            extend(elements: 1).initializeMemory(as: UInt8.self, repeating: 0, count: size)
        } else {
            append(string: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        unread.append(place)
    }

    /// Whether element `place` is one of `unread`.
    package func leavesUnread(_ place: Int) -> Bool {
        var range = 0..<unread.count
        while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
            if unread[middle] == place { return true }
            range = unread[middle] < place ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }

    package func removeAll() { truncate(to: 0) }

    /// Memory that it has, in use or not. What is borrowed is not in it.
    package var reservedByteCount: Int {
        capacity + (stringEnds.capacity + unread.capacity) * MemoryLayout<Int>.size
    }

    /// Gives memory above `limit` bytes back, so that one huge request does not stay a worker's size for ever. That of
    /// the ends of strings, and of what is unread, only when there are none.
    package func shrink(toByteCount limit: Int) {
        let countLimit = limit / MemoryLayout<Int>.size
        if stringEnds.isEmpty, stringEnds.capacity > countLimit { stringEnds = [] }
        if unread.isEmpty, unread.capacity > countLimit { unread = [] }
        guard capacity > limit, byteCount <= limit, borrowed == nil else { return }
        move(to: max(limit, 1024))
    }

    private func reserve(_ more: Int) {
        let needed = byteCount + more
        if needed > capacity {
            move(to: max(needed, capacity * 2))
        } else if let borrowed {
            memory.copyMemory(from: borrowed, byteCount: byteCount)
        }
        borrowed = nil
    }

    private func move(to newCapacity: Int) {
        let new = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 64)
        new.copyMemory(from: borrowed ?? UnsafeRawPointer(memory), byteCount: byteCount)
        memory.deallocate()
        memory = new
        capacity = newCapacity
    }
}

/// One tensor borrowed from whoever made it: valid until the maker says.
package struct TensorView {
    package var elementType: ElementType
    package var shape: Shape
    /// The elements, laid out as in `TensorBuffer`.
    package var bytes: UnsafeRawBufferPointer
    /// Where each string ends within `bytes`; empty for numbers.
    package var ends: UnsafeBufferPointer<Int>

    package init(
        elementType: ElementType, shape: Shape, bytes: UnsafeRawBufferPointer,
        ends: UnsafeBufferPointer<Int> = UnsafeBufferPointer(start: nil, count: 0)
    ) {
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
        self.ends = ends
    }

    /// String `index`, borrowed.
    package func string(_ index: Int) -> UnsafeRawBufferPointer {
        let start = index == 0 ? 0 : ends[index - 1]
        return UnsafeRawBufferPointer(rebasing: bytes[start..<ends[index]])
    }
}
