/// What one element of a tensor is. The raw value is ours, for frames and arrays; see `datatype` for the wire.
package enum ElementType: UInt8, CaseIterable, Sendable {
    case bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64
    case float16, bfloat16, float32, float64
    /// Text or bytes of any length.
    case string

    /// The name in the Open Inference Protocol ("Tensor Data Types").
    package var datatype: StaticString {
        switch self {
        case .bool: "BOOL"
        case .uint8: "UINT8"
        case .uint16: "UINT16"
        case .uint32: "UINT32"
        case .uint64: "UINT64"
        case .int8: "INT8"
        case .int16: "INT16"
        case .int32: "INT32"
        case .int64: "INT64"
        case .float16: "FP16"
        case .bfloat16: "BF16"
        case .float32: "FP32"
        case .float64: "FP64"
        case .string: "BYTES"
        }
    }

    /// Bytes of one element in memory and in the binary tensor extension; nil for `string`.
    package var byteCount: Int? {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string: nil
        }
    }

    /// Floating point: may hold NaN, and takes integers when they are exact.
    package var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        case .bool, .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64, .string: false
        }
    }
}

extension ElementType {
    /// The type of that V2 `datatype`; nil for a name the protocol does not have.
    package init?(datatype: UnsafeRawBufferPointer) {
        for candidate in ElementType.allCases {
            let name = candidate.datatype
            guard name.utf8CodeUnitCount == datatype.count else { continue }
            let same = (0..<datatype.count).allSatisfy { name.utf8Start[$0] == datatype[$0] }
            if same {
                self = candidate
                return
            }
        }
        return nil
    }
}
