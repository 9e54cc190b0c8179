import ApusWire

/// What GET `/v1/models/M/metadata` answers: TensorFlow Serving's `GetModelMetadataResponse` as JSON.
///
/// TensorFlow Serving itself leaves out the `@type` of the `Any` in it, so its own answer is not what protobuf's
/// JSON mapping reads back; with it, `json_format.Parse` takes this whole.
enum TensorFlowMetadata {
    static func text(_ schema: ModelSchema) -> String {
        "{\"model_spec\":{\"name\":\(quoted(schema.name)),\"signature_name\":\"\",\"version\":\"\(schema.version)\"},"
            + "\"metadata\":{\"signature_def\":{\"@type\":\"type.googleapis.com/tensorflow.serving.SignatureDefMap\","
            + "\"signature_def\":{\"serving_default\":{\"inputs\":\(tensors(schema.inputs)),"
            + "\"outputs\":\(tensors(schema.outputs)),\"method_name\":\"tensorflow/serving/predict\"}}}}}"
    }

    private static func tensors(_ specs: [TensorSpec]) -> String {
        "{" + specs.map { "\(quoted($0.name)):\(tensor($0))" }.joined(separator: ",") + "}"
    }

    private static func tensor(_ spec: TensorSpec) -> String {
        let dimensions = spec.shape.map { "{\"size\":\"\($0 ?? -1)\",\"name\":\"\"}" }
        return "{\"dtype\":\"\(spec.elementType.tensorFlowName)\","
            + "\"tensor_shape\":{\"dim\":[\(dimensions.joined(separator: ","))],\"unknown_rank\":false},"
            + "\"name\":\(quoted(spec.name + ":0"))}"
    }
}

extension ElementType {
    /// Its name in TensorFlow's `DataType` (tensorflow, core/framework/types.proto).
    fileprivate var tensorFlowName: String {
        switch self {
        case .bool: "DT_BOOL"
        case .uint8: "DT_UINT8"
        case .uint16: "DT_UINT16"
        case .uint32: "DT_UINT32"
        case .uint64: "DT_UINT64"
        case .int8: "DT_INT8"
        case .int16: "DT_INT16"
        case .int32: "DT_INT32"
        case .int64: "DT_INT64"
        case .float16: "DT_HALF"
        case .bfloat16: "DT_BFLOAT16"
        case .float32: "DT_FLOAT"
        case .float64: "DT_DOUBLE"
        case .string: "DT_STRING"
        }
    }
}
