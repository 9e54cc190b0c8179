/// The memory that bodies of this link lie in: 24 bytes, a `FrameHeader` of kind memory with the id 0.
///
/// With its first byte comes the descriptor of that memory (unix(7), SCM_RIGHTS): a file without a name, sealed against
/// every change of its size. A proxy sends it once, before the requests that say where in it their bodies are. What they
/// cover is not written before they are answered.
package struct MemoryFrame {
    package static let byteCount = FrameHeader.byteCount

    package init() {}

    /// Reads a frame that `FrameHeader.decode` found whole.
    package init(_ header: FrameHeader) throws(FrameError) {
        guard header.kind == .memory else { throw .unexpectedKind(header.kind.rawValue) }
        guard header.bodyByteCount == 0 else { throw .bodyTooLarge(byteCount: header.bodyByteCount, limit: 0) }
    }

    /// Writes the 24 bytes.
    package func encode(into bytes: UnsafeMutableRawPointer) {
        FrameHeader(
            kind: .memory, flags: [], requestID: 0, headByteCount: UInt32(Self.byteCount), bodyByteCount: 0
        ).encode(into: bytes)
    }
}
