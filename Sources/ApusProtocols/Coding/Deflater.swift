import ApusWire
import CZlib

/// Packs answers. Its state (256 KiB for each coding that was ever asked for) is used again.
package final class Deflater {
    /// Below this many bytes packing costs more than it saves: the answer fits one packet as it is.
    package static let worthwhileByteCount = 1400
    /// zlib's fastest: an answer waits for it, and the digits of numbers hardly pack better at 6.
    private static let level: Int32 = 1

    private let gzip = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let zlib = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var isGzipStarted = false
    private var isZlibStarted = false

    package init() {
        gzip.initialize(to: z_stream())
        zlib.initialize(to: z_stream())
    }

    deinit {
        if isGzipStarted { deflateEnd(gzip) }
        if isZlibStarted { deflateEnd(zlib) }
        gzip.deallocate()
        zlib.deallocate()
    }

    /// Appends `bytes`, packed, to `response`. `identity` appends them as they are.
    /// - Parameter bytes: not part of `response`, which may move; at most 4 GiB.
    package func deflate(_ bytes: UnsafeRawBufferPointer, _ coding: ContentCoding, into response: ResponseBuffer) {
        guard coding != .identity else { return response.append(bytes) }
        let stream = started(coding)
        let bound = Int(deflateBound(stream, UInt(bytes.count)))
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(bytes.count)
        stream.pointee.next_out = response.reserve(bound)
        stream.pointee.avail_out = UInt32(bound)
        let code = CZlib.deflate(stream, Z_FINISH)
        precondition(code == Z_STREAM_END, "deflateBound is enough for one call (zlib.h)")
        response.commit(bound - Int(stream.pointee.avail_out))
    }

    private func started(_ coding: ContentCoding) -> UnsafeMutablePointer<z_stream> {
        let isGzip = coding == .gzip
        let stream = isGzip ? gzip : zlib
        let wasStarted = isGzip ? isGzipStarted : isZlibStarted
        // 16 more than the window's bits says gzip (zlib.h, "deflateInit2").
        let code = wasStarted ? deflateReset(stream) : apus_deflate_init(stream, Deflater.level, isGzip ? 31 : 15)
        precondition(code == Z_OK, "zlib starts unless there is no memory")
        if isGzip { isGzipStarted = true } else { isZlibStarted = true }
        return stream
    }
}
