/// An element type, by its name in the Open Inference Protocol.
package enum Datatype: String, CaseIterable, Sendable {
    case bool = "BOOL"
    case uint8 = "UINT8"
    case uint16 = "UINT16"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case int8 = "INT8"
    case int16 = "INT16"
    case int32 = "INT32"
    case int64 = "INT64"
    case fp16 = "FP16"
    case bf16 = "BF16"
    case fp32 = "FP32"
    case fp64 = "FP64"
    case bytes = "BYTES"

    /// Nil for strings, whose elements differ in length.
    package var byteCount: Int? {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .fp16, .bf16: 2
        case .uint32, .int32, .fp32: 4
        case .uint64, .int64, .fp64: 8
        case .bytes: nil
        }
    }

    package var isFloat: Bool {
        switch self {
        case .fp16, .bf16, .fp32, .fp64: true
        case .bool, .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64, .bytes: false
        }
    }

    /// TensorFlow's names (tensorflow/core/framework/types.proto).
    package init?(tensorFlow name: String) {
        let names: [String: Datatype] = [
            "DT_BOOL": .bool, "DT_UINT8": .uint8, "DT_UINT16": .uint16, "DT_UINT32": .uint32,
            "DT_UINT64": .uint64, "DT_INT8": .int8, "DT_INT16": .int16, "DT_INT32": .int32,
            "DT_INT64": .int64, "DT_HALF": .fp16, "DT_BFLOAT16": .bf16, "DT_FLOAT": .fp32,
            "DT_DOUBLE": .fp64, "DT_STRING": .bytes,
        ]
        guard let type = names[name] else { return nil }
        self = type
    }

    /// MLflow's column types and NumPy's names, both of which stand in an MLmodel signature.
    package init?(mlflow name: String) {
        let names: [String: Datatype] = [
            "boolean": .bool, "bool": .bool, "integer": .int32, "long": .int64, "float": .fp32,
            "double": .fp64, "string": .bytes, "str": .bytes, "object": .bytes, "binary": .bytes,
            "uint8": .uint8, "uint16": .uint16, "uint32": .uint32, "uint64": .uint64, "int8": .int8,
            "int16": .int16, "int32": .int32, "int64": .int64, "float16": .fp16, "float32": .fp32,
            "float64": .fp64,
        ]
        guard let type = names[name] else { return nil }
        self = type
    }
}
