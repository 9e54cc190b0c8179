/// Walks the fields of one Protocol Buffers message without copying it
/// (protobuf.dev, "Encoding").
struct ProtobufReader {
    /// One field as it lies in the message.
    struct Field {
        let number: Int
        /// Tag and value together, as indices of the message's memory.
        let range: Range<Int>
        let value: Value
    }

    enum Value {
        case varint(UInt64)
        /// Strings, bytes, messages and packed numbers.
        case bytes(UnsafeRawBufferPointer)
        /// The fixed sizes, 4 or 8 bytes, which nothing we read uses.
        case fixed
    }

    /// The message ends inside a field, or a tag is none.
    struct Malformed: Error {}

    private let message: UnsafeRawBufferPointer
    private var position = 0

    init(_ message: UnsafeRawBufferPointer) { self.message = message }

    /// The next field; nil at the message's end.
    mutating func next() throws(Malformed) -> Field? {
        guard position < message.count else { return nil }
        let start = position
        let tag = try varint()
        guard let number = Int(exactly: tag >> 3), number > 0 else { throw Malformed() }
        let value = try value(wireType: tag & 7)
        return Field(number: number, range: start..<position, value: value)
    }

    private mutating func value(wireType: UInt64) throws(Malformed) -> Value {
        switch wireType {
        case 0: return .varint(try varint())
        case 1: _ = try take(8)
        case 2: return .bytes(try take(try varint()))
        case 5: _ = try take(4)
        default: throw Malformed()  // groups (3, 4) are not in ONNX
        }
        return .fixed
    }

    private mutating func varint() throws(Malformed) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < message.count else { throw Malformed() }
            let byte = message[position]
            position += 1
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        throw Malformed()
    }

    private mutating func take(_ count: UInt64) throws(Malformed) -> UnsafeRawBufferPointer {
        guard count <= UInt64(message.count - position) else { throw Malformed() }
        defer { position += Int(count) }
        return UnsafeRawBufferPointer(rebasing: message[position..<position + Int(count)])
    }
}

extension ProtobufReader {
    /// Calls `body` for each field, in order.
    static func forEach(
        in message: UnsafeRawBufferPointer, _ body: (Field) throws(Malformed) -> Void
    ) throws(Malformed) {
        var reader = ProtobufReader(message)
        while let field = try reader.next() { try body(field) }
    }
}

extension ProtobufReader.Value {
    var integer: Int64 {
        if case .varint(let value) = self { Int64(bitPattern: value) } else { 0 }
    }

    var text: String {
        if case .bytes(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    /// The embedded message's bytes. Malformed when the field is a number.
    func message() throws(ProtobufReader.Malformed) -> UnsafeRawBufferPointer {
        guard case .bytes(let bytes) = self else { throw ProtobufReader.Malformed() }
        return bytes
    }
}

extension ProtobufReader {
    /// The numbers of a packed `repeated int64`.
    static func packedIntegers(
        _ packed: UnsafeRawBufferPointer
    ) throws(Malformed) -> [Int64] {
        var reader = ProtobufReader(packed)
        var integers: [Int64] = []
        while reader.position < packed.count {
            integers.append(Int64(bitPattern: try reader.varint()))
        }
        return integers
    }
}
