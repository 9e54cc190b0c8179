import ApusWire

extension [ExampleTexts.Tensor] {
    /// With values that the features allow in place of made-up ones that they do not.
    func fitted(to features: [FeatureSpec]) -> [ExampleTexts.Tensor] {
        var tensors = self
        for feature in features {
            let tensor = tensors[feature.input]
            for place in tensor.places(of: feature) {
                tensors[feature.input].elements[place] = feature.example(
                    tensor.elements[place], in: tensor.spec.elementType)
                guard tensor.spec.elementType == .string, let value = feature.exampleValue else { continue }
                tensors[feature.input].texts[place] = [UInt8](value.description.utf8)
            }
        }
        return tensors
    }
}

extension ExampleTexts.Tensor {
    /// Where its elements are that are values of that feature.
    func places(of feature: FeatureSpec) -> StrideTo<Int> {
        guard let column = feature.column, let width = shape.last else {
            return stride(from: 0, to: elements.count, by: 1)
        }
        return stride(from: column, to: column < width ? elements.count : column, by: max(width, 1))
    }
}

extension FeatureSpec {
    /// A value that the schema names.
    fileprivate var exampleValue: FeatureValue? { categories.first ?? defaultValue }

    /// A value that is one of the categories, whole where it has to be, and within the range.
    fileprivate func example(_ madeUp: String, in tensor: ElementType) -> String {
        if let value = exampleValue { return value.json(in: tensor) }
        guard var number = Double(madeUp) else { return madeUp }
        let isWhole = !elementType.isFloatingPoint
        if isWhole { number = number.rounded(.down) }
        if elementType == .bool { number = Swift.min(number, 1) }
        if let minimum, number < minimum { number = isWhole ? minimum.rounded(.up) : minimum }
        if let maximum, number > maximum { number = isWhole ? maximum.rounded(.down) : maximum }
        return isWhole ? FeatureValue.number(number).json(in: tensor) : "\(number)"
    }
}

extension FeatureValue {
    /// As an element of a tensor of that type.
    fileprivate func json(in tensor: ElementType) -> String {
        guard tensor != .string, tensor != .bool, let number else { return tensor == .string ? quoted(description) : json }
        return number == number.rounded() && number.magnitude < 0x1p53 ? "\(Int(number))" : "\(number)"
    }
}
