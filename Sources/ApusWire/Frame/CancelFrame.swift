/// Nobody waits for the answer of a request that a worker has: 24 bytes, a `FrameHeader` of kind cancel with that
/// request's id.
///
/// The worker answers all the same, without a run when it has not begun one: the answer gives the room back.
package struct CancelFrame {
    package static let byteCount = FrameHeader.byteCount

    package var requestID: UInt64

    package init(requestID: UInt64) { self.requestID = requestID }

    /// Reads a frame that `FrameHeader.decode` found whole.
    package init(_ header: FrameHeader) throws(FrameError) {
        guard header.kind == .cancel else { throw .unexpectedKind(header.kind.rawValue) }
        guard header.bodyByteCount == 0 else { throw .bodyTooLarge(byteCount: header.bodyByteCount, limit: 0) }
        requestID = header.requestID
    }

    /// Writes the 24 bytes.
    package func encode(into bytes: UnsafeMutableRawPointer) {
        FrameHeader(
            kind: .cancel, flags: [], requestID: requestID, headByteCount: UInt32(Self.byteCount), bodyByteCount: 0
        ).encode(into: bytes)
    }
}
