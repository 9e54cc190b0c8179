import ApusWire
import COnnxRuntime

extension ElementType {
    /// ONNX Runtime's number for this type (onnxruntime_c_api.h, `ONNXTensorElementDataType`; the same
    /// numbers as `TensorProto.DataType` in onnx.proto).
    var ortType: OrtElementType {
        switch self {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .uint16: 4
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .string: 8
        case .bool: 9
        case .float16: 10
        case .float64: 11
        case .uint32: 12
        case .uint64: 13
        case .bfloat16: 16
        }
    }

    /// Nil for a type that no protocol of ours can carry.
    init?(ortType: OrtElementType) {
        guard let type = Self.allCases.first(where: { $0.ortType == ortType }) else { return nil }
        self = type
    }

    /// What ONNX calls the type with that number, for messages about those we do not serve.
    static func onnxName(_ ortType: OrtElementType) -> String {
        switch ortType {
        case 14: "a tensor(complex64)"
        case 15: "a tensor(complex128)"
        case 17...20, 24: "a tensor of 8-bit floats"
        case 21, 22: "a tensor of 4-bit integers"
        case 23: "a tensor of 4-bit floats"
        case 25, 26: "a tensor of 2-bit integers"
        default: "a tensor of element type \(ortType)"
        }
    }
}
