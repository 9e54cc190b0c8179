/// One value of a row: a whole input, or a column of one. What a request may have there, as far as that is known
/// beyond the graph: from an `MLmodel` signature or a `schema.yaml`.
package struct FeatureSpec: Equatable, Sendable {
    /// The column's name, or that of the input. No other feature has it.
    package var name: String
    /// Which of the schema's inputs it is, or is a column of.
    package var input: Int
    /// Its place in the last dimension of the input; nil when it is the whole input.
    package var column: Int?
    /// What a value is. The input's own type, or a narrower one: `int64` where whole numbers go into a tensor of
    /// floats, `bool` where 0 and 1 do.
    package var elementType: ElementType
    /// The text is base64 of the bytes meant, on protocols that have no bytes (MLflow, type `binary`; `/predict`). A
    /// default and categories are those bytes, as the texts that they are.
    package var isBase64 = false
    /// A row must have it. What may be missing has a default, or is a float that takes NaN, or a string that takes "".
    package var isRequired = true
    /// What stands for it where a row has none.
    package var defaultValue: FeatureValue?
    /// The only values there may be; empty when there may be any.
    package var categories: [FeatureValue] = []
    /// The least and the greatest number expected. What lies outside is dealt with as the server is told.
    package var minimum: Double?
    package var maximum: Double?
    /// For people.
    package var summary = ""

    package init(name: String, input: Int, column: Int? = nil, elementType: ElementType) {
        self.name = name
        self.input = input
        self.column = column
        self.elementType = elementType
    }

    /// Each input as one feature: what the graph alone says.
    package static func whole(_ inputs: [TensorSpec]) -> [FeatureSpec] {
        inputs.indices.map {
            FeatureSpec(name: inputs[$0].name, input: $0, elementType: inputs[$0].elementType)
        }
    }
}

/// A value that a schema names: a default, a category.
package enum FeatureValue: Equatable, Sendable {
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)

    /// As a number; nil for text.
    package var number: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text: nil
        }
    }

    /// As sentences and JSON write it, but for the quotation marks of a text.
    package var description: String {
        switch self {
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): value
        }
    }
}

/// One parameter that a request may have beside its rows (MLflow, "ParamSchema").
package struct ParameterSpec: Equatable, Sendable {
    package var name: String
    package var elementType: ElementType
    /// A list of such values.
    package var isList: Bool
    /// The default as JSON text; `null` when there is none.
    package var defaultText: String

    package init(name: String, elementType: ElementType, isList: Bool, defaultText: String) {
        self.name = name
        self.elementType = elementType
        self.isList = isList
        self.defaultText = defaultText
    }
}
