import ApusWire
import CSimdJSON
import CZlib

/// Unpacks bodies, one at a time, into memory that is used again and never grows beyond a limit, however small
/// the packed body is.
package final class Inflater {
    /// The most bytes a body may unpack to.
    package let byteLimit: Int
    // On the heap: zlib's state points back at the stream.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var isStarted = false
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// A larger body's memory is given back by `shrink`.
    private static let keptByteCount = 1 << 20

    package init(byteLimit: Int) {
        self.byteLimit = byteLimit
        stream.initialize(to: z_stream())
        capacity = 0
        memory = .allocate(capacity: Int(APUS_JSON_PADDING))
    }

    deinit {
        if isStarted { inflateEnd(stream) }
        stream.deallocate()
        memory.deallocate()
    }

    /// Unpacks `body`; `identity` gives it back as it is. `deflate` is the zlib format (RFC 9110 §8.4.1.2).
    ///
    /// - Returns: the bytes, with `APUS_JSON_PADDING` readable ones behind them, valid until the next call.
    package func inflate(
        _ body: UnsafeRawBufferPointer, _ coding: ContentCoding
    ) throws(ContentCodingError) -> UnsafeRawBufferPointer {
        guard coding != .identity else { return body }
        start(coding)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: body.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(body.count)
        var count = 0
        while true {
            if count == capacity { try grow(used: count) }
            // One byte beyond the limit shows that there is more than the limit.
            let room = min(capacity, byteLimit + 1) - count
            stream.pointee.next_out = memory + count
            stream.pointee.avail_out = UInt32(min(room, Int(UInt32.max)))
            let before = Int(stream.pointee.avail_out)
            let code = CZlib.inflate(stream, Z_NO_FLUSH)
            count += before - Int(stream.pointee.avail_out)
            guard count <= byteLimit else { throw .tooLarge(byteLimit: byteLimit) }
            if code == Z_STREAM_END { break }
            guard code == Z_OK || code == Z_BUF_ERROR else { throw .malformed(coding) }
            if stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0 { throw .truncated(coding) }
        }
        guard stream.pointee.avail_in == 0 else {
            throw .trailingBytes(coding, count: Int(stream.pointee.avail_in))
        }
        return UnsafeRawBufferPointer(start: memory, count: count)
    }

    /// Gives the memory of a huge body back. What was unpacked last is invalid from here on.
    package func shrink() {
        if capacity > Inflater.keptByteCount { resize(to: Inflater.keptByteCount, keeping: 0) }
    }

    /// 16 more than the window's bits says gzip (zlib.h, "inflateInit2").
    private func start(_ coding: ContentCoding) {
        let windowBits: Int32 = coding == .gzip ? 15 + 16 : 15
        let code = isStarted ? inflateReset2(stream, windowBits) : apus_inflate_init(stream, windowBits)
        precondition(code == Z_OK, "zlib starts unless there is no memory")
        isStarted = true
    }

    private func grow(used: Int) throws(ContentCodingError) {
        guard capacity <= byteLimit else { throw .tooLarge(byteLimit: byteLimit) }
        resize(to: min(max(2 * capacity, 64 << 10), byteLimit + 1), keeping: used)
    }

    private func resize(to newCapacity: Int, keeping used: Int) {
        let new = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity + Int(APUS_JSON_PADDING))
        new.update(from: memory, count: used)
        memory.deallocate()
        memory = new
        capacity = newCapacity
    }
}
