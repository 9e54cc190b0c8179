import ApusWire

/// `schema.yaml`, for a model that has no `MLmodel`, or to say more than its signature does:
///
///     inputs:
///       - name: age            # an input of the model, or a column of its only input
///         type: double         # as MLflow, numpy or the Open Inference Protocol call it
///         required: true       # the default
///         default: 30
///         categories: [a, b]   # the only values there may be
///         min: 0
///         max: 120
///         description: in years
extension DeclaredSchema {
    package static let fileName = "schema.yaml"
    /// A model with more inputs and columns is not one that a person described.
    private static let featureLimit = 100_000

    /// - Parameter root: the file's document.
    package init(file root: JSONValue) throws(SchemaError) {
        guard case .object(let members) = root else { throw Self.fault("a mapping with 'inputs' is expected") }
        if let other = members.first(where: { $0.name != "inputs" }) {
            throw Self.fault("it has the unknown key '\(other.name)'; 'inputs' is expected")
        }
        guard case .array(let list)? = root["inputs"], !list.isEmpty else {
            throw Self.fault("'inputs' has to be a list of inputs or columns")
        }
        guard list.count <= Self.featureLimit else { throw Self.fault("it has more than \(Self.featureLimit) inputs") }
        var features: [DeclaredFeature] = []
        for (index, entry) in list.enumerated() { features.append(try Self.feature(entry, index)) }
        self.init(source: Self.fileName, features: features)
        try checkNames()
    }

    private static func feature(_ entry: JSONValue, _ index: Int) throws(SchemaError) -> DeclaredFeature {
        guard case .object(let members) = entry, case .string(let name)? = entry["name"], !name.isEmpty else {
            throw fault("entry \(index + 1) of 'inputs' has no 'name'")
        }
        var feature = DeclaredFeature(name: name)
        for (key, value) in members where key != "name" { try read(key, value, into: &feature) }
        if let minimum = feature.minimum, let maximum = feature.maximum, minimum > maximum {
            throw fault("'min' of '\(name)' is above its 'max'")
        }
        if let value = feature.defaultValue, !feature.categories.isEmpty, !feature.categories.contains(value) {
            throw fault("'default' of '\(name)' is none of its 'categories'")
        }
        return feature
    }

    private static func read(
        _ key: String, _ value: JSONValue, into feature: inout DeclaredFeature
    ) throws(SchemaError) {
        func fault(_ expected: String) -> SchemaError { Self.fault("'\(key)' of '\(feature.name)' has to be \(expected)") }
        switch key {
        case "type":
            guard case .string(let word) = value, let type = ElementType(declared: word) else {
                throw fault("a type such as double, long, string or FP32")
            }
            feature.elementType = type
            feature.isBase64 = word == "binary"
        case "required":
            guard case .bool(let isRequired) = value else { throw fault("true or false") }
            feature.isRequired = isRequired
        case "default":
            guard let scalar = FeatureValue(value) else { throw fault("one value") }
            feature.defaultValue = scalar
            // Missing floats are NaN without a default.
            if case .number(let number) = scalar, number.isNaN {
                feature.defaultValue = nil
                feature.isRequired = false
            }
        case "categories":
            guard case .array(let list) = value, !list.isEmpty else { throw fault("a list of values") }
            feature.categories = list.compactMap(FeatureValue.init)
            guard feature.categories.count == list.count else { throw fault("a list of values") }
        case "min", "max":
            guard let number = FeatureValue(value)?.number else { throw fault("a number") }
            if key == "min" { feature.minimum = number } else { feature.maximum = number }
        case "description":
            guard case .string(let summary) = value else { throw fault("a text") }
            feature.summary = summary
        case _:
            throw Self.fault(
                "'\(feature.name)' has the unknown key '\(key)'; name, type, required, default, categories, min, "
                    + "max and description are known")
        }
    }

    /// No name is there twice.
    func checkNames() throws(SchemaError) {
        var seen: Set<String> = []
        for feature in features where !seen.insert(feature.name).inserted {
            throw SchemaError(source, "'\(feature.name)' is there twice; once is expected")
        }
    }

    private static func fault(_ sentence: String) -> SchemaError { SchemaError(fileName, sentence) }
}

extension FeatureValue {
    /// - Returns: nil for null, a list or an object.
    init?(_ value: JSONValue) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let value): self = .text(value)
        case .null, .array, .object: return nil
        }
    }
}
