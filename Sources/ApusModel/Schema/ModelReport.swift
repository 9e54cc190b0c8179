import ApusWire

/// What `apus inspect` shows of a model.
package struct ModelReport: Equatable, Sendable {
    package let path: String
    package let runtimeVersion: String
    package let info: ModelInfo
    package let inputs: [TensorSpec]
    package let outputs: [TensorSpec]
    package let batching: BatchingFinding
    package let schema: JoinedSchema

    /// - Parameter batching: what `proveBatching` found, or `batchingFindingByShape`.
    /// - Parameter schema: what the files beside the model say; nil for the graph alone.
    package init(_ session: Session, batching: BatchingFinding, schema: JoinedSchema? = nil) {
        path = session.path
        runtimeVersion = session.runtime.version
        info = session.info
        inputs = session.inputs
        outputs = session.outputs
        self.batching = batching
        self.schema = schema ?? JoinedSchema(session.inputs)
    }

    /// One fact a line, in the order a reader wants them. Facts that the model does not state are left out.
    package var lines: [String] {
        var lines = ["model       \(path)"]
        for spec in inputs { lines.append("input       " + Self.text(spec)) }
        for spec in outputs { lines.append("output      " + Self.text(spec)) }
        lines += declared
        lines.append("batching    \(batching == .batchable ? "yes" : "no"): \(batching)")
        for set in info.operatorSets { lines.append("opset       \(set.domain) \(set.version)") }
        lines.append("ir version  \(info.irVersion)")
        let producer = [info.producer, info.producerVersion].filter { !$0.isEmpty }
        let facts = [
            ("producer", producer.joined(separator: " ")), ("domain", info.domain),
            ("version", info.modelVersion == 0 ? "" : String(info.modelVersion)),
            ("graph", info.graphName), ("about", info.summary),
        ]
        for (label, value) in facts where !value.isEmpty { lines.append(Self.line(label, value)) }
        for entry in info.metadata { lines.append(Self.line("metadata", "\(entry.key) = \(entry.value)")) }
        lines.append(Self.line("engine", "ONNX Runtime \(runtimeVersion)"))
        return lines
    }

    /// What the files beside the model add to its inputs.
    private var declared: [String] {
        var lines: [String] = []
        if !schema.sources.isEmpty {
            lines = schema.features.map { Self.line($0.column == nil ? "feature" : "column", $0.line) }
            lines += schema.parameters.map {
                let type = "\($0.elementType.datatype)" + ($0.isList ? " list" : "")
                return Self.line("parameter", "\($0.name) \(type), default \($0.defaultText)")
            }
            lines.append(Self.line("schema", schema.sources.joined(separator: ", ")))
        }
        if let warning = schema.warning { lines.append(Self.line("warning", warning)) }
        return lines
    }

    private static func line(_ label: String, _ value: String) -> String {
        let padding = String(repeating: " ", count: max(1, 12 - label.count))
        // The model's words may have line breaks and control characters; a line is a line.
        return label + padding + String(value.map { $0.unicodeScalars.allSatisfy(isPrintable) ? $0 : " " })
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x20 && scalar.value != 0x7F
    }

    /// `X FP32 [-1,4]`, with the classes if there are any.
    private static func text(_ spec: TensorSpec) -> String {
        let text = "\(spec.name) \(spec.elementType.datatype) \(spec.shapeText)"
        guard let labels = spec.labels else { return text }
        let shown = (0..<min(labels.count, 20)).map(labels.text).joined(separator: ", ")
        return text + " classes: " + shown + (labels.count > 20 ? ", … (\(labels.count))" : "")
    }
}
