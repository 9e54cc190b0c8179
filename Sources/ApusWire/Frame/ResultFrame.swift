/// What a response body is, as a header says it.
package enum ContentType: UInt8, Sendable {
    case json = 0, octetStream = 1, text = 2, html = 3, prometheus = 4

    /// The header's value. JSON carries no charset: KServe's client compares the whole value.
    package var name: StaticString {
        switch self {
        case .json: "application/json"
        case .octetStream: "application/octet-stream"
        case .text: "text/plain; charset=utf-8"
        case .html: "text/html; charset=utf-8"
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        }
    }
}

/// Where a request's time went inside its worker, in nanoseconds.
package struct WorkerTiming: Equatable, Sendable {
    /// Unpacking, parsing, checking.
    package var decode: UInt64 = 0
    /// From decoded to the start of the run: waiting for the batch and for runs before it.
    package var batchWait: UInt64 = 0
    /// The run that it was part of, whole.
    package var compute: UInt64 = 0
    /// Writing and packing the answer.
    package var encode: UInt64 = 0

    package init() {}
}

/// A worker's answer to one request: 72 bytes, little-endian, then the HTTP body.
///
///     offset  size  field
///          0    24  FrameHeader, kind result
///         24     2  HTTP status
///         26     1  content type
///         27     1  content coding of the body
///         28     4  rows of the request; 0 when it was refused
///         32     4  rows of the run that it was part of; 0 when there was none
///         36     4  Inference-Header-Content-Length; -1 for none
///         40     8  decode, nanoseconds
///         48     8  batch wait
///         56     8  compute
///         64     8  encode
package struct ResultFrame: Equatable {
    package static let byteCount = 72

    /// nginx' number for a client that has gone.
    package static let cancelledStatus = 499

    package var requestID: UInt64
    package var flags: FrameFlags
    package var bodyByteCount: UInt32
    package var status: UInt16
    package var contentType: ContentType
    package var coding: ContentCoding
    package var requestRowCount: UInt32
    package var runRowCount: UInt32
    package var inferenceHeaderByteCount: Int32
    package var timing: WorkerTiming

    package init(
        requestID: UInt64, flags: FrameFlags = [], bodyByteCount: UInt32, status: UInt16,
        contentType: ContentType = .json, coding: ContentCoding = .identity,
        requestRowCount: UInt32 = 0, runRowCount: UInt32 = 0, inferenceHeaderByteCount: Int32 = -1,
        timing: WorkerTiming = WorkerTiming()
    ) {
        self.requestID = requestID
        self.flags = flags
        self.bodyByteCount = bodyByteCount
        self.status = status
        self.contentType = contentType
        self.coding = coding
        self.requestRowCount = requestRowCount
        self.runRowCount = runRowCount
        self.inferenceHeaderByteCount = inferenceHeaderByteCount
        self.timing = timing
    }

    /// Its client had gone before it was run.
    package var isCancelled: Bool { status == Self.cancelledStatus }

    /// Reads the fields of a frame that `FrameHeader.decode` found whole.
    /// - Parameter bytes: from the frame's first byte on.
    package init(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) throws(FrameError) {
        guard header.kind == .result else { throw .unexpectedKind(header.kind.rawValue) }
        guard let type = ContentType(rawValue: bytes[26]) else { throw .badContentType(bytes[26]) }
        guard let coding = ContentCoding(rawValue: bytes[27]) else { throw .badCoding(bytes[27]) }
        let status = bytes.littleEndian(24, UInt16.self)
        guard 200...599 ~= status else { throw .badStatus(status) }
        var timing = WorkerTiming()
        timing.decode = bytes.littleEndian(40, UInt64.self)
        timing.batchWait = bytes.littleEndian(48, UInt64.self)
        timing.compute = bytes.littleEndian(56, UInt64.self)
        timing.encode = bytes.littleEndian(64, UInt64.self)
        self.init(
            requestID: header.requestID, flags: header.flags, bodyByteCount: header.bodyByteCount,
            status: status, contentType: type, coding: coding,
            requestRowCount: bytes.littleEndian(28, UInt32.self),
            runRowCount: bytes.littleEndian(32, UInt32.self),
            inferenceHeaderByteCount: bytes.littleEndian(36, Int32.self), timing: timing)
    }

    /// Writes the 72 bytes. The body follows in the same memory or as a second piece of the write.
    package func encode(into bytes: UnsafeMutableRawPointer) {
        FrameHeader(
            kind: .result, flags: flags, requestID: requestID,
            headByteCount: UInt32(Self.byteCount), bodyByteCount: bodyByteCount
        ).encode(into: bytes)
        bytes.storeLittleEndian(status, 24)
        bytes.storeLittleEndian(contentType.rawValue, 26)
        bytes.storeLittleEndian(coding.rawValue, 27)
        bytes.storeLittleEndian(requestRowCount, 28)
        bytes.storeLittleEndian(runRowCount, 32)
        bytes.storeLittleEndian(inferenceHeaderByteCount, 36)
        bytes.storeLittleEndian(timing.decode, 40)
        bytes.storeLittleEndian(timing.batchWait, 48)
        bytes.storeLittleEndian(timing.compute, 56)
        bytes.storeLittleEndian(timing.encode, 64)
    }
}
