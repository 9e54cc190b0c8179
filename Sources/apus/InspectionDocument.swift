import ApusModel
import ApusWire

/// What `apus inspect --json` prints. The names are those of the Open Inference Protocol where it has one.
struct InspectionDocument: Encodable {
    struct Tensor: Encodable {
        let name: String
        let datatype: String
        /// -1 for a dimension of any size.
        let shape: [Int]
        /// The classes that the last dimension stands for.
        let labels: [String]?

        init(_ spec: TensorSpec) {
            name = spec.name
            datatype = "\(spec.elementType.datatype)"
            shape = spec.shape.map { $0 ?? -1 }
            labels = spec.labels.map { labels in (0..<labels.count).map(labels.text) }
        }
    }

    struct Batching: Encodable {
        let enabled: Bool
        let reason: String
    }

    let name: String
    let version: Int
    let path: String
    let onnxruntime: String
    let producer: String
    let irVersion: Int
    let operatorSets: [String: Int]
    let description: String
    let batching: Batching
    let inputs: [Tensor]
    let outputs: [Tensor]
    let metadata: [String: String]

    enum CodingKeys: String, CodingKey {
        case name, version, path, onnxruntime, producer, description, batching, inputs, outputs, metadata
        case irVersion = "ir_version"
        case operatorSets = "operator_sets"
    }

    init(_ location: ModelLocation, _ model: ModelReport) {
        name = location.name
        version = location.newest.number
        path = model.path
        onnxruntime = model.runtimeVersion
        producer = "\(model.info.producer) \(model.info.producerVersion)"
        irVersion = model.info.irVersion
        // Some exporters list a set twice.
        operatorSets = Dictionary(model.info.operatorSets.map { ($0.domain, $0.version) }, uniquingKeysWith: max)
        description = model.info.summary
        batching = Batching(enabled: model.batching == .batchable, reason: model.batching.description)
        inputs = model.inputs.map(Tensor.init)
        outputs = model.outputs.map(Tensor.init)
        metadata = Dictionary(model.info.metadata.map { ($0.key, $0.value) }) { first, _ in first }
    }
}
