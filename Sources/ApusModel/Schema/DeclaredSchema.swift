import ApusWire

/// What a file beside the model says of its inputs: an `MLmodel` signature, or a `schema.yaml`. Not yet compared
/// with the graph.
package struct DeclaredSchema: Equatable, Sendable {
    /// Where it is from: the file's name.
    package var source: String
    package var features: [DeclaredFeature]
    package var parameters: [ParameterSpec] = []
    /// The features have no names: only their number and order count.
    package var isUnnamed = false

    package init(source: String, features: [DeclaredFeature]) {
        self.source = source
        self.features = features
    }
}

/// One feature as a file describes it.
package struct DeclaredFeature: Equatable, Sendable {
    package var name: String
    /// Nil to take the input's.
    package var elementType: ElementType?
    /// The shape of a whole input, if the file says it; nil for a column, or a list of any length.
    package var shape: [Int?]?
    package var isBase64 = false
    package var isRequired = true
    package var defaultValue: FeatureValue?
    package var categories: [FeatureValue] = []
    package var minimum: Double?
    package var maximum: Double?
    package var summary = ""

    package init(name: String, elementType: ElementType? = nil) {
        self.name = name
        self.elementType = elementType
    }
}

/// Why a file beside a model does not describe it. The sentence names the file and what was expected.
package struct SchemaError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ source: String, _ sentence: String) { description = "\(source): \(sentence)" }
}

extension ElementType {
    /// The type that a schema file means: an Open Inference Protocol datatype, an MLflow column type, or a name of
    /// numpy's. Nil for any other word.
    package init?(declared name: String) {
        switch name {
        case "boolean", "bool": self = .bool
        case "integer", "int", "int32": self = .int32
        case "long", "int64": self = .int64
        case "float", "float32": self = .float32
        case "double", "float64": self = .float64
        case "string", "str", "object", "datetime", "binary", "text": self = .string
        case "uint8": self = .uint8
        case "uint16": self = .uint16
        case "uint32": self = .uint32
        case "uint64": self = .uint64
        case "int8": self = .int8
        case "int16": self = .int16
        case "float16": self = .float16
        case "bfloat16": self = .bfloat16
        default:
            let found = Array(name.utf8).withUnsafeBytes { ElementType(datatype: $0) }
            guard let found else { return nil }
            self = found
        }
    }

    /// Whole numbers.
    package var isInteger: Bool {
        switch self {
        case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64: true
        case .bool, .float16, .bfloat16, .float32, .float64, .string: false
        }
    }
}

extension ElementType {
    /// What an integer type holds, as far as a double tells; nil for other types.
    package var integerRange: ClosedRange<Double>? {
        switch self {
        case .uint8: 0...255
        case .uint16: 0...65_535
        case .uint32: 0...4_294_967_295
        case .uint64: 0...0x1p64
        case .int8: -128...127
        case .int16: -32_768...32_767
        case .int32: -2_147_483_648...2_147_483_647
        case .int64: -0x1p63...0x1p63
        case .bool, .float16, .bfloat16, .float32, .float64, .string: nil
        }
    }
}
