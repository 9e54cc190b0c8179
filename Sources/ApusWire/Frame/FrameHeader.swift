/// What begins every frame on a link between a proxy and a worker, in both directions: 24 bytes,
/// little-endian. The fields of the kind follow (`InferFrame`, `ResultFrame`), then the body.
///
///     offset  size  field
///          0     4  magic 0x53555041, "APUS" on the wire
///          4     1  protocol version, 3
///          5     1  kind
///          6     2  flags, see `FrameFlags`
///          8     8  request id: chosen by the proxy, echoed by the worker
///         16     4  byte count of this header with the kind's fields
///         20     4  body byte count; 0 for a body that lies elsewhere
package struct FrameHeader: Equatable {
    package enum Kind: UInt8, Sendable { case infer = 1, result = 2, cancel = 3, memory = 4 }

    package static let byteCount = 24
    static let magic: UInt32 = 0x5355_5041
    static let version: UInt8 = 3

    package var kind: Kind
    package var flags: FrameFlags
    package var requestID: UInt64
    package var headByteCount: UInt32
    package var bodyByteCount: UInt32
}

/// Marks on one frame.
package struct FrameFlags: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Infer: the last of a group that was handed out together; the worker may run what it has.
    package static let endOfGroup = FrameFlags(rawValue: 1)
    /// Infer: run by itself, in no batch; it was in a worker that died.
    package static let alone = FrameFlags(rawValue: 2)
    /// Result: this answer stands for its run in the count of runs; the run's other answers do not.
    package static let firstOfRun = FrameFlags(rawValue: 4)

    // Sets are read and made here, where the compiler knows their representation: in another module each such
    // call goes through the generic algorithms of SetAlgebra, a hundred instructions and more.

    /// The flags of a request that is handed out.
    package static func infer(isAlone: Bool, endsGroup: Bool) -> FrameFlags {
        FrameFlags(rawValue: (isAlone ? alone.rawValue : 0) | (endsGroup ? endOfGroup.rawValue : 0))
    }

    /// Holds `alone`.
    package var isAlone: Bool { rawValue & Self.alone.rawValue != 0 }

    /// `firstOfRun`.
    package var isFirstOfRun: Bool {
        get { rawValue & Self.firstOfRun.rawValue != 0 }
        set {
            let others = rawValue & ~Self.firstOfRun.rawValue
            self = FrameFlags(rawValue: newValue ? others | Self.firstOfRun.rawValue : others)
        }
    }
}

/// Why the bytes of a link are no frame. The link is closed: there is no way to find the next one.
package enum FrameError: Error, Equatable, CustomStringConvertible {
    case badMagic(UInt32)
    case unknownVersion(UInt8)
    case unknownKind(UInt8)
    case unexpectedKind(UInt8)
    case badEndpoint(UInt8)
    case badCoding(UInt8)
    case badContentType(UInt8)
    case badStatus(UInt16)
    case badHeadLength(found: UInt32, wanted: UInt32)
    case bodyTooLarge(byteCount: UInt32, limit: UInt32)
    case badBodyPlace(UInt8)
    /// The body is in memory, and there are bytes behind the head, too.
    case bodyInTwoPlaces(byteCount: UInt32)
    /// A body is in the link's memory, which did not come; or its frame came without it.
    case memoryMissing
    /// A descriptor came that no frame is for.
    case memoryUnused
    /// It came again.
    case memoryTwice
    /// Whoever sent it could make it shorter while it is read.
    case memoryNotSealed
    case memoryTooSmall(byteCount: UInt64, wanted: UInt64)
    /// The system refused.
    case memoryUnusable(errno: Int32)

    package var description: String {
        switch self {
        case .badMagic(let magic): "a frame begins with 0x\(String(magic, radix: 16)), not \"APUS\""
        case .unknownVersion(let version): "a frame has version \(version); this program speaks \(FrameHeader.version)"
        case .unknownKind(let kind): "a frame has the unknown kind \(kind)"
        case .unexpectedKind(let kind): "a frame of kind \(kind) came from the wrong side"
        case .badEndpoint(let value): "a frame has the unknown endpoint \(value)"
        case .badCoding(let value): "a frame has the unknown content coding \(value)"
        case .badContentType(let value): "a frame has the unknown content type \(value)"
        case .badStatus(let value): "a frame has the impossible status \(value)"
        case .badHeadLength(let found, let wanted):
            "a frame's head has \(found) bytes; its kind has \(wanted)"
        case .bodyTooLarge(let byteCount, let limit):
            "a frame announces \(byteCount) bytes; the limit is \(limit)"
        case .badBodyPlace(let value): "a frame has its body in the unknown place \(value)"
        case .bodyInTwoPlaces(let byteCount): "a frame has \(byteCount) bytes beside its body in memory"
        case .memoryMissing: "a frame came without the memory that bodies are in"
        case .memoryUnused: "a descriptor came that no frame is for"
        case .memoryTwice: "a link's memory came twice"
        case .memoryNotSealed: "bodies are in memory that can shrink"
        case .memoryTooSmall(let byteCount, let wanted):
            "a body is in memory of \(byteCount) bytes; it needs \(wanted)"
        case .memoryUnusable(let errno): "the memory of bodies cannot be read: error \(errno)"
        }
    }
}

/// How far a reader has come with the frame at the front of its bytes.
package enum FrameStep: Equatable {
    /// Wait: the frame (or, for now, its header) needs this many bytes in all.
    case incomplete(byteCount: Int)
    /// The frame is whole; its body is the given range of the bytes passed in.
    case frame(FrameHeader, body: Range<Int>)
}

extension FrameHeader {
    /// Reads the frame at the front of `bytes`. Keeps nothing, copies nothing.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, bodyLimit: UInt32
    ) throws(FrameError) -> FrameStep {
        guard bytes.count >= byteCount else { return .incomplete(byteCount: byteCount) }
        let magic = bytes.littleEndian(0, UInt32.self)
        guard magic == Self.magic else { throw .badMagic(magic) }
        guard bytes[4] == version else { throw .unknownVersion(bytes[4]) }
        guard let kind = Kind(rawValue: bytes[5]) else { throw .unknownKind(bytes[5]) }
        let head = bytes.littleEndian(16, UInt32.self)
        let wanted = UInt32(kind.headByteCount)
        guard head == wanted else { throw .badHeadLength(found: head, wanted: wanted) }
        let body = bytes.littleEndian(20, UInt32.self)
        guard body <= bodyLimit else { throw .bodyTooLarge(byteCount: body, limit: bodyLimit) }

        let end = Int(head) + Int(body)
        guard bytes.count >= end else { return .incomplete(byteCount: end) }
        let header = FrameHeader(
            kind: kind, flags: FrameFlags(rawValue: bytes.littleEndian(6, UInt16.self)),
            requestID: bytes.littleEndian(8, UInt64.self), headByteCount: head, bodyByteCount: body)
        return .frame(header, body: Int(head)..<end)
    }

    /// Writes the 24 bytes.
    package func encode(into bytes: UnsafeMutableRawPointer) {
        bytes.storeLittleEndian(Self.magic, 0)
        bytes.storeLittleEndian(Self.version, 4)
        bytes.storeLittleEndian(kind.rawValue, 5)
        bytes.storeLittleEndian(flags.rawValue, 6)
        bytes.storeLittleEndian(requestID, 8)
        bytes.storeLittleEndian(headByteCount, 16)
        bytes.storeLittleEndian(bodyByteCount, 20)
    }
}

extension FrameHeader.Kind {
    /// The size of a frame's head of this kind.
    package var headByteCount: Int {
        switch self {
        case .infer: InferFrame.byteCount
        case .result: ResultFrame.byteCount
        case .cancel: CancelFrame.byteCount
        case .memory: MemoryFrame.byteCount
        }
    }
}

extension UnsafeRawBufferPointer {
    /// A little-endian integer at `offset`, which need not be aligned.
    func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _: T.Type) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}

extension UnsafeMutableRawPointer {
    /// Stores a little-endian integer at `offset`, which need not be aligned.
    func storeLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, _ offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }
}
