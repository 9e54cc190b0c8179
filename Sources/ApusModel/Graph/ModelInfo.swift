/// What a model file says of itself, apart from its inputs and outputs.
package struct ModelInfo: Equatable, Sendable {
    /// One operator set that the model is written in.
    package struct OperatorSet: Equatable, Sendable {
        /// `ai.onnx` for the standard operators.
        package var domain: String
        package var version: Int
    }

    /// The file holds a graph at all.
    var hasGraph = false
    package var irVersion = 0
    package var operatorSets: [OperatorSet] = []
    package var producer = ""
    package var producerVersion = ""
    package var domain = ""
    package var modelVersion = 0
    package var graphName = ""
    /// The model's description, or its graph's when it has none.
    package var summary = ""
    /// Custom metadata in the file's order.
    package var metadata: [Entry] = []
    /// The graph's own words on its inputs and outputs.
    var graphInputs: [ValueInfo] = []
    var graphOutputs: [ValueInfo] = []

    package struct Entry: Equatable, Sendable {
        package var key: String
        package var value: String
    }

    package init() {}
}

extension ModelInfo {
    /// Reads a `ModelProto`. Field numbers are those of onnx.proto (IR version 10).
    init(modelProto: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        var graphSummary = ""
        try ProtobufReader.forEach(in: modelProto) { field throws(ProtobufReader.Malformed) in
            switch field.number {
            case 1: irVersion = Int(field.value.integer)
            case 2: producer = field.value.text
            case 3: producerVersion = field.value.text
            case 4: domain = field.value.text
            case 5: modelVersion = Int(field.value.integer)
            case 6: summary = field.value.text
            case 7: graphSummary = try readGraph(field.value.message())
            case 8: operatorSets.append(try OperatorSet(proto: field.value.message()))
            case 14: metadata.append(try Entry(proto: field.value.message()))
            default: break
            }
        }
        if summary.isEmpty { summary = graphSummary }
    }

    /// - Returns: the graph's description.
    private mutating func readGraph(
        _ graph: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Malformed) -> String {
        hasGraph = true
        var summary = ""
        try ProtobufReader.forEach(in: graph) { field throws(ProtobufReader.Malformed) in
            switch field.number {
            case 2: graphName = field.value.text
            case 10: summary = field.value.text
            case 11: graphInputs.append(try ValueInfo(proto: field.value.message()))
            case 12: graphOutputs.append(try ValueInfo(proto: field.value.message()))
            default: break
            }
        }
        return summary
    }
}

extension ModelInfo.OperatorSet {
    /// Reads an `OperatorSetIdProto`.
    fileprivate init(proto: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        domain = ""
        version = 0
        try ProtobufReader.forEach(in: proto) { field in
            switch field.number {
            case 1: domain = field.value.text
            case 2: version = Int(field.value.integer)
            default: break
            }
        }
        if domain.isEmpty { domain = "ai.onnx" }
    }
}

extension ModelInfo.Entry {
    /// Reads a `StringStringEntryProto`.
    fileprivate init(proto: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        key = ""
        value = ""
        try ProtobufReader.forEach(in: proto) { field in
            switch field.number {
            case 1: key = field.value.text
            case 2: value = field.value.text
            default: break
            }
        }
    }
}
