/// What a request asks a worker to do: which codec reads the body and writes the answer.
package enum Endpoint: UInt8, Sendable, CaseIterable {
    /// POST /v2/models/M/infer.
    case openInference = 1
    /// POST /predict.
    case predict = 2
    /// POST /v1/models/M:predict, `:classify`, `:regress`.
    case tensorFlowPredict = 3
    case tensorFlowClassify = 4
    case tensorFlowRegress = 5
    /// POST /invocations with JSON, or with CSV.
    case mlflow = 6
    case mlflowCSV = 7
    /// POST /predictions/M: as `predict`, with TorchServe's errors.
    case torchServe = 8

    /// How its errors are written.
    package var errorShape: ErrorShape {
        switch self {
        case .openInference, .predict: .openInference
        case .tensorFlowPredict, .tensorFlowClassify, .tensorFlowRegress: .tensorFlowServing
        case .mlflow, .mlflowCSV: .mlflow
        case .torchServe: .torchServe
        }
    }
}

/// How a body is packed.
package enum ContentCoding: UInt8, Sendable { case identity = 0, gzip = 1, deflate = 2 }

/// A request on its way to a worker: 64 bytes, little-endian, then the HTTP body as it came.
///
/// A larger body does not come: it lies in the link's memory (`MemoryFrame`), with `bodyPadding` more readable bytes
/// behind it.
///
///     offset  size  field
///          0    24  FrameHeader, kind infer
///         24     8  deadline, nanoseconds of CLOCK_MONOTONIC
///         32     8  arrival of the whole request, the same clock
///         40     8  Inference-Header-Content-Length; -1 when the request has none
///         48     1  endpoint
///         49     1  content coding of the body
///         50     1  content codings that the client takes
///         51     1  where the body is: 0 right behind this head, 1 in the link's memory
///         52     4  body byte count in memory, or 0
///         56     8  where the body begins in memory, or 0
package struct InferFrame: Equatable {
    package static let byteCount = 64
    /// What a reader of bodies wants to read behind them.
    package static let bodyPadding = 64

    package var requestID: UInt64
    package var flags: FrameFlags
    package var bodyByteCount: UInt32
    package var deadline: UInt64
    package var arrivedAt: UInt64
    package var inferenceHeaderByteCount: Int64
    package var endpoint: Endpoint
    package var coding: ContentCoding
    package var accepted: HTTPAcceptedCodings
    /// Where the body begins in the link's memory; nil when it follows the frame's head.
    package var memoryOffset: UInt64?

    package init(
        requestID: UInt64, flags: FrameFlags, bodyByteCount: UInt32, deadline: UInt64,
        arrivedAt: UInt64, inferenceHeaderByteCount: Int64, endpoint: Endpoint,
        coding: ContentCoding, accepted: HTTPAcceptedCodings, memoryOffset: UInt64? = nil
    ) {
        self.requestID = requestID
        self.flags = flags
        self.bodyByteCount = bodyByteCount
        self.deadline = deadline
        self.arrivedAt = arrivedAt
        self.inferenceHeaderByteCount = inferenceHeaderByteCount
        self.endpoint = endpoint
        self.coding = coding
        self.accepted = accepted
        self.memoryOffset = memoryOffset
    }

    /// Reads the fields of a frame that `FrameHeader.decode` found whole.
    /// - Parameter bytes: from the frame's first byte on.
    package init(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) throws(FrameError) {
        guard header.kind == .infer else { throw .unexpectedKind(header.kind.rawValue) }
        guard let endpoint = Endpoint(rawValue: bytes[48]) else { throw .badEndpoint(bytes[48]) }
        guard let coding = ContentCoding(rawValue: bytes[49]) else { throw .badCoding(bytes[49]) }
        var bodyByteCount = header.bodyByteCount
        var memoryOffset: UInt64?
        switch bytes[51] {
        case 0: break
        case 1:
            guard bodyByteCount == 0 else { throw .bodyInTwoPlaces(byteCount: bodyByteCount) }
            bodyByteCount = bytes.littleEndian(52, UInt32.self)
            memoryOffset = bytes.littleEndian(56, UInt64.self)
        default: throw .badBodyPlace(bytes[51])
        }
        self.init(
            requestID: header.requestID, flags: header.flags, bodyByteCount: bodyByteCount,
            deadline: bytes.littleEndian(24, UInt64.self),
            arrivedAt: bytes.littleEndian(32, UInt64.self),
            inferenceHeaderByteCount: bytes.littleEndian(40, Int64.self),
            endpoint: endpoint, coding: coding, accepted: HTTPAcceptedCodings(rawValue: bytes[50]),
            memoryOffset: memoryOffset)
    }

    /// What memory has to have in it for the body to be read from `memoryOffset` on. No memory has `UInt64.max`.
    package var memoryByteCount: UInt64 {
        let (count, overflow) = (memoryOffset ?? 0).addingReportingOverflow(UInt64(bodyByteCount) + UInt64(Self.bodyPadding))
        return overflow ? .max : count
    }

    /// Where binary tensors begin, if it has any: behind its head and the body's JSON.
    /// - Parameter bytes: from the frame's first byte on, the 64 of its head at least. They need not be valid.
    package static func tensorOffset(_ bytes: UnsafeRawBufferPointer) -> Int {
        tensorOffset(inferenceHeaderByteCount: bytes.littleEndian(40, Int64.self))
    }

    /// The same for a frame whose body follows it.
    package static func tensorOffset(inferenceHeaderByteCount: Int64) -> Int {
        byteCount &+ Int(truncatingIfNeeded: max(0, inferenceHeaderByteCount))
    }

    /// Writes the 64 bytes. The body lies right behind them in the same memory, whoever is to find it there.
    package func encode(into bytes: UnsafeMutableRawPointer) {
        FrameHeader(
            kind: .infer, flags: flags, requestID: requestID,
            headByteCount: UInt32(Self.byteCount), bodyByteCount: memoryOffset == nil ? bodyByteCount : 0
        ).encode(into: bytes)
        bytes.storeLittleEndian(deadline, 24)
        bytes.storeLittleEndian(arrivedAt, 32)
        bytes.storeLittleEndian(inferenceHeaderByteCount, 40)
        bytes.storeLittleEndian(endpoint.rawValue, 48)
        bytes.storeLittleEndian(coding.rawValue, 49)
        bytes.storeLittleEndian(accepted.rawValue, 50)
        bytes.storeLittleEndian(UInt8(memoryOffset == nil ? 0 : 1), 51)
        bytes.storeLittleEndian(memoryOffset == nil ? 0 : bodyByteCount, 52)
        bytes.storeLittleEndian(memoryOffset ?? 0, 56)
    }
}
