import ApusWire

/// What a file declares, joined with what the graph says.
extension DeclaredSchema {
    /// The features of a model with these inputs.
    /// - Throws: when the two cannot be about the same model: the sentence names the input, what the file declares
    ///   and what the graph has.
    package func features(of inputs: [TensorSpec]) throws(SchemaError) -> [FeatureSpec] {
        let graphNames = Set(inputs.map(\.name))
        if inputs.count == 1, isUnnamed || !graphNames.contains(features[0].name) {
            if features.count == 1, isWhole(features[0], inputs[0]) { return [try whole(features[0], 0, inputs[0])] }
            return try columns(of: inputs[0])
        }
        if isUnnamed {
            guard features.count == inputs.count else { throw otherCount(inputs.count, "inputs") }
            return try inputs.indices.map { (index) throws(SchemaError) in try whole(features[index], index, inputs[index]) }
        }
        if let unknown = features.first(where: { !graphNames.contains($0.name) }) {
            throw SchemaError(
                source, "it has '\(unknown.name)', which is no input of the model; its inputs are \(Self.list(inputs))")
        }
        return try inputs.indices.map { (index) throws(SchemaError) in
            guard let feature = features.first(where: { $0.name == inputs[index].name }) else {
                throw SchemaError(source, "it lacks '\(inputs[index].name)', which is an input of the model")
            }
            return try whole(feature, index, inputs[index])
        }
    }

    /// A tensor of the signature, or the one column of an input that has one value in each row.
    private func isWhole(_ feature: DeclaredFeature, _ input: TensorSpec) -> Bool {
        feature.shape != nil || input.shape.count < 2
    }

    private func columns(of input: TensorSpec) throws(SchemaError) -> [FeatureSpec] {
        guard input.shape.count == 2, features.allSatisfy({ $0.shape == nil }) else {
            throw SchemaError(
                source, "it names columns, but input '\(input.name)' of the model has shape \(input.shapeText)")
        }
        if let count = input.shape[1], count != features.count {
            throw otherCount(count, "columns in input '\(input.name)'")
        }
        return try features.indices.map { (column) throws(SchemaError) in
            var feature = try joined(features[column], 0, input)
            feature.column = column
            return feature
        }
    }

    private func whole(
        _ declared: DeclaredFeature, _ index: Int, _ input: TensorSpec
    ) throws(SchemaError) -> FeatureSpec {
        if let shape = declared.shape, !Self.agree(shape, input.shape) {
            let found = "[" + shape.map { String($0 ?? -1) }.joined(separator: ",") + "]"
            throw SchemaError(source, "'\(input.name)' has shape \(found), but \(input.shapeText) in the model")
        }
        var feature = try joined(declared, index, input)
        feature.name = input.name
        return feature
    }

    private func joined(
        _ declared: DeclaredFeature, _ index: Int, _ input: TensorSpec
    ) throws(SchemaError) -> FeatureSpec {
        let type = declared.elementType ?? input.elementType
        guard type.fits(input.elementType) else {
            throw SchemaError(
                source,
                "'\(declared.name)' is \(type.datatype), which a tensor of \(input.elementType.datatype), as the model "
                    + "has it, does not hold without loss")
        }
        var feature = FeatureSpec(name: declared.name, input: index, elementType: type.narrower(input.elementType))
        feature.isBase64 = declared.isBase64
        feature.defaultValue = declared.defaultValue
        feature.categories = declared.categories
        feature.minimum = declared.minimum
        feature.maximum = declared.maximum
        feature.summary = declared.summary
        let mayLack = declared.defaultValue != nil || input.elementType.isFloatingPoint || input.elementType == .string
        feature.isRequired = declared.defaultValue == nil && (declared.isRequired || !mayLack)
        try checkValues(feature)
        return feature
    }

    private func checkValues(_ feature: FeatureSpec) throws(SchemaError) {
        for value in feature.categories + (feature.defaultValue.map { [$0] } ?? [])
        where !value.isA(feature.elementType) {
            throw SchemaError(
                source, "'\(feature.name)' is \(feature.elementType.datatype), which '\(value.description)' is not")
        }
        if feature.elementType == .string, feature.minimum != nil || feature.maximum != nil {
            throw SchemaError(source, "'\(feature.name)' is text and can have no 'min' and 'max'")
        }
    }

    private static func agree(_ left: [Int?], _ right: [Int?]) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { $0 == nil || $1 == nil || $0 == $1 }
    }

    private func otherCount(_ count: Int, _ what: String) -> SchemaError {
        SchemaError(source, "it describes \(features.count) of them, but the model has \(count) \(what)")
    }

    private static func list(_ inputs: [TensorSpec]) -> String {
        let shown = inputs.prefix(20).map { "'\($0.name)'" }.joined(separator: ", ")
        return inputs.count > 20 ? "\(shown) and \(inputs.count - 20) more" : shown
    }
}

extension ElementType {
    /// Values of this type go into a tensor of `wider`, each by itself checked to lose nothing.
    func fits(_ wider: ElementType) -> Bool {
        if self == wider { return true }
        if self == .string || wider == .string { return false }
        if self == .bool { return true }
        if wider.isFloatingPoint { return true }
        return isInteger && wider.isInteger
    }

    /// Of a declared type and the tensor's, the one that says more of a value: a float is the tensor's own.
    func narrower(_ tensor: ElementType) -> ElementType { isFloatingPoint ? tensor : self }
}

extension FeatureValue {
    /// A value of that type.
    func isA(_ type: ElementType) -> Bool {
        switch self {
        case .text: return type == .string
        case .bool: return type == .bool
        case .integer(let value):
            if type == .bool { return value == 0 || value == 1 }
            if let range = type.integerRange { return range.contains(Double(value)) }
            return type.isFloatingPoint
        case .number: return type.isFloatingPoint
        }
    }
}
