/// The part of a `ValueInfoProto` that we look at: one graph input or output.
struct ValueInfo {
    private(set) var name = ""
    /// The tensor type has a shape, even one of no dimensions.
    private(set) var hasShape = false

    init(proto: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        try ProtobufReader.forEach(in: proto) { field throws(ProtobufReader.Malformed) in
            switch field.number {
            case 1: name = field.value.text
            case 2: try readType(field.value.message())
            default: break
            }
        }
    }

    /// `TypeProto.tensor_type` is field 1, `TypeProto.Tensor.shape` field 2.
    private mutating func readType(_ type: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        try ProtobufReader.forEach(in: type) { field throws(ProtobufReader.Malformed) in
            guard field.number == 1 else { return }
            try ProtobufReader.forEach(in: field.value.message()) { inner in
                if inner.number == 2 { hasShape = true }
            }
        }
    }
}
