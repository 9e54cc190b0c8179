import ApusWire

/// The documents of one model version, as bytes: rendered once, where the model is loaded, because the proxy
/// that serves them has no schema.
package struct ModelDocuments: Equatable, Sendable {
    /// What is known of the serving beside the schema.
    package struct Facts: Equatable, Sendable {
        package var workerCount: Int
        /// How long a request may wait for others to share its run.
        package var maxDelayMicroseconds: Int

        package init(workerCount: Int, maxDelayMicroseconds: Int = 0) {
            self.workerCount = workerCount
            self.maxDelayMicroseconds = maxDelayMicroseconds
        }
    }

    /// The model metadata up to its list of versions; the list, with its brackets, comes between this and
    /// `metadataSuffix`.
    package let metadataPrefix: [UInt8]
    package let metadataSuffix: [UInt8]
    /// The model configuration, whole.
    package let config: [UInt8]
    /// TensorFlow Serving's model metadata, whole.
    package let tensorFlowMetadata: [UInt8]

    package init(_ schema: ModelSchema, _ facts: Facts) {
        metadataPrefix = Array("{\"name\":\(quoted(schema.name)),\"versions\":".utf8)
        let tensors = "\"inputs\":\(schema.inputs.metadata),\"outputs\":\(schema.outputs.metadata)"
        metadataSuffix = Array(",\"platform\":\"onnxruntime_onnx\",\(tensors)}".utf8)
        config = Array(ModelDocuments.config(schema, facts).utf8)
        tensorFlowMetadata = Array(TensorFlowMetadata.text(schema).utf8)
    }

    /// The metadata of a model served in those versions, which are strings on the wire
    /// (Open Inference Protocol, "Model Metadata Response JSON Object").
    package func metadata(versions: [Int]) -> [UInt8] {
        let list = versions.map { "\"\($0)\"" }.joined(separator: ",")
        return metadataPrefix + Array("[\(list)]".utf8) + metadataSuffix
    }

    /// Triton's `ModelConfig` (triton common, model_config.proto) with the fields that say something here.
    private static func config(_ schema: ModelSchema, _ facts: Facts) -> String {
        let rowLimit = schema.isBatchable ? schema.maxBatchRowCount : 0
        var fields = [
            "\"name\":\(quoted(schema.name))",
            "\"platform\":\"onnxruntime_onnx\"",
            "\"backend\":\"onnxruntime\"",
            "\"version_policy\":{\"latest\":{\"num_versions\":1}}",
            "\"max_batch_size\":\(rowLimit)",
            "\"input\":\(schema.inputs.config(isBatchable: schema.isBatchable, isInput: true))",
            "\"output\":\(schema.outputs.config(isBatchable: schema.isBatchable, isInput: false))",
            "\"instance_group\":[{\"name\":\(quoted(schema.name)),\"kind\":\"KIND_CPU\","
                + "\"count\":\(facts.workerCount),\"gpus\":[],\"profile\":[]}]",
            "\"default_model_filename\":\"model.onnx\"",
            "\"parameters\":{}",
            "\"model_warmup\":[]",
        ]
        if schema.isBatchable {
            fields.append(
                "\"dynamic_batching\":{\"preferred_batch_size\":[\(rowLimit)],"
                    + "\"max_queue_delay_microseconds\":\(facts.maxDelayMicroseconds)}")
        }
        return "{\(fields.joined(separator: ","))}"
    }
}

extension [TensorSpec] {
    fileprivate var metadata: String {
        let tensors = map {
            "{\"name\":\(quoted($0.name)),\"datatype\":\"\($0.elementType.datatype)\",\"shape\":\($0.shapeText)}"
        }
        return "[\(tensors.joined(separator: ","))]"
    }

    fileprivate func config(isBatchable: Bool, isInput: Bool) -> String {
        let extra = isInput
            ? ",\"format\":\"FORMAT_NONE\",\"is_shape_tensor\":false,\"allow_ragged_batch\":false,\"optional\":false"
            : ",\"label_filename\":\"\",\"is_shape_tensor\":false"
        let tensors = map {
            "{\"name\":\(quoted($0.name)),\"data_type\":\"\($0.elementType.configName)\","
                + "\"dims\":\($0.configDimensions(isBatchable: isBatchable))\(extra)}"
        }
        return "[\(tensors.joined(separator: ","))]"
    }
}

extension TensorSpec {
    /// Without the rows when they are batched. Triton wants one dimension at least, and says that it is none.
    fileprivate func configDimensions(isBatchable: Bool) -> String {
        let kept = shape.dropFirst(isBatchable ? 1 : 0)
        if kept.isEmpty { return "[1],\"reshape\":{\"shape\":[]}" }
        return "[" + kept.map { String($0 ?? -1) }.joined(separator: ",") + "]"
    }
}

extension ElementType {
    /// Its name in Triton's `DataType` (model_config.proto).
    fileprivate var configName: String { self == .string ? "TYPE_STRING" : "TYPE_\(datatype)" }
}
