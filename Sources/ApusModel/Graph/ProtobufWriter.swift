/// Writes the fields of one Protocol Buffers message (protobuf.dev, "Encoding").
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ number: Int, varint: Int) {
        append(varint: UInt64(number) << 3)
        append(varint: UInt64(bitPattern: Int64(varint)))
    }

    mutating func append(_ number: Int, bytes value: some Collection<UInt8>) {
        append(varint: UInt64(number) << 3 | 2)
        append(varint: UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func append(_ number: Int, text: String) { append(number, bytes: text.utf8) }

    mutating func append(_ number: Int, message: ProtobufWriter) { append(number, bytes: message.bytes) }

    /// A whole field, tag and all, as it was read.
    mutating func append(field: UnsafeRawBufferPointer) { bytes.append(contentsOf: field) }

    mutating func reserve(_ byteCount: Int) { bytes.reserveCapacity(byteCount) }

    private mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
