import ApusWire

extension [ExampleTexts.Tensor] {
    /// With values that the features allow in place of made-up ones that they do not.
    func fitted(to features: [FeatureSpec]) -> [ExampleTexts.Tensor] {
        var tensors = self
        for feature in features {
            let tensor = tensors[feature.input]
            let width = feature.column == nil ? 1 : tensor.shape.last ?? 1
            let first = feature.column ?? 0
            guard first < width else { continue }
            tensors[feature.input].elements = tensor.elements.indices.map { place in
                place % width == first
                    ? feature.example(tensor.elements[place], in: tensor.spec.elementType) : tensor.elements[place]
            }
        }
        return tensors
    }
}

extension FeatureSpec {
    /// A value that is one of the categories, whole where it has to be, and within the range.
    fileprivate func example(_ madeUp: String, in tensor: ElementType) -> String {
        if let value = categories.first ?? defaultValue { return value.json(in: tensor) }
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
