import ApusWire
import CSimdJSON

/// Bytes to send, in memory of our own that grows, is emptied and is used again. Codecs append their answers
/// to it, so one buffer can take all answers of a turn; the worker puts its frame headers between them.
package final class ResponseBuffer {
    /// What the answer encoded last is.
    package internal(set) var contentType = ContentType.json
    /// The JSON bytes at the front of the answer encoded last, when tensors follow them: the value of
    /// `Inference-Header-Content-Length`. Nil when the whole answer is JSON.
    package internal(set) var inferenceHeaderByteCount: Int?
    /// Bytes in use.
    package private(set) var count = 0
    /// Bytes that there is memory for.
    private(set) var capacity: Int
    private var memory: UnsafeMutablePointer<UInt8>

    package init(capacity: Int = 4096) {
        self.capacity = max(capacity, 64)
        memory = .allocate(capacity: self.capacity)
    }

    deinit { memory.deallocate() }

    /// Everything in use. Valid until the next append or release.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    /// Everything in use, to be changed in place: for a frame header whose lengths are known at last.
    package var mutableBytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: memory, count: count)
    }

    package func removeAll() { count = 0 }

    /// Drops everything behind the first `newCount` bytes.
    package func truncate(to newCount: Int) {
        precondition(newCount <= count, "a buffer is truncated to what it has")
        count = newCount
    }

    /// Gives memory above `limit` bytes back. Only when that much is not in use.
    package func shrink(toByteCount limit: Int) {
        guard capacity > limit, count <= limit else { return }
        move(to: max(limit, 64))
    }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let free = reserve(bytes.count)
        UnsafeMutableRawPointer(free).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    package func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    package func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func append(_ byte: UInt8) {
        reserve(1).pointee = byte
        count += 1
    }

    /// Makes room for `byteCount` bytes behind those in use, without counting them as used.
    @discardableResult
    func reserve(_ byteCount: Int) -> UnsafeMutablePointer<UInt8> {
        if count + byteCount > capacity { move(to: max(count + byteCount, capacity * 2)) }
        return memory + count
    }

    /// Counts `byteCount` bytes that were written into reserved memory as used.
    func commit(_ byteCount: Int) { count += byteCount }

    private func move(to newCapacity: Int) {
        let new = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
        new.update(from: memory, count: count)
        memory.deallocate()
        memory = new
        capacity = newCapacity
    }
}
