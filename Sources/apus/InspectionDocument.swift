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

    /// An input or a column, and what the files beside the model say of it.
    struct Feature: Encodable {
        let name: String
        let datatype: String
        /// The input that it is, or is a column of.
        let input: String
        let column: Int?
        let required: Bool
        let `default`: Scalar?
        let categories: [Scalar]?
        let min: Double?
        let max: Double?
        let description: String?

        init(_ spec: FeatureSpec, _ inputs: [TensorSpec]) {
            name = spec.name
            datatype = "\(spec.elementType.datatype)"
            input = inputs[spec.input].name
            column = spec.column
            required = spec.isRequired
            `default` = spec.defaultValue.map(Scalar.init)
            categories = spec.categories.isEmpty ? nil : spec.categories.map(Scalar.init)
            min = spec.minimum
            max = spec.maximum
            description = spec.summary.isEmpty ? nil : spec.summary
        }
    }

    struct Scalar: Encodable {
        let value: FeatureValue

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch value {
            case .bool(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .number(let value) where value.isFinite: try container.encode(value)
            case .number: try container.encodeNil()
            case .text(let value): try container.encode(value)
            }
        }
    }

    struct Parameter: Encodable {
        let name: String
        let datatype: String
        let list: Bool
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
    let features: [Feature]
    let parameters: [Parameter]
    /// The files that features and parameters are from; none when they are the graph's.
    let schema: [String]
    let metadata: [String: String]

    enum CodingKeys: String, CodingKey {
        case name, version, path, onnxruntime, producer, description, batching, inputs, outputs, metadata
        case features, parameters, schema
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
        features = model.schema.features.map { Feature($0, model.inputs) }
        parameters = model.schema.parameters.map {
            Parameter(name: $0.name, datatype: "\($0.elementType.datatype)", list: $0.isList)
        }
        schema = model.schema.sources
        metadata = Dictionary(model.info.metadata.map { ($0.key, $0.value) }) { first, _ in first }
    }
}
