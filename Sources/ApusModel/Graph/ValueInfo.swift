/// The part of a `ValueInfoProto` that we look at: one graph input or output.
struct ValueInfo: Equatable, Sendable {
    private(set) var name = ""
    /// The tensor type has a shape, even one of no dimensions.
    private(set) var hasShape = false
    /// The number of a tensor's element type; 0 for what is no tensor.
    private(set) var elementType: Int32 = 0

    init(proto: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        try ProtobufReader.forEach(in: proto) { field throws(ProtobufReader.Malformed) in
            switch field.number {
            case 1: name = field.value.text
            case 2: try readType(field.value.message())
            default: break
            }
        }
    }

    /// `TypeProto`: tensor_type 1, with elem_type 1 and shape 2.
    private mutating func readType(_ type: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        try ProtobufReader.forEach(in: type) { field throws(ProtobufReader.Malformed) in
            guard field.number == 1 else { return }
            try ProtobufReader.forEach(in: field.value.message()) { inner in
                if inner.number == 1 { elementType = Int32(truncatingIfNeeded: inner.value.integer) }
                if inner.number == 2 { hasShape = true }
            }
        }
    }
}
