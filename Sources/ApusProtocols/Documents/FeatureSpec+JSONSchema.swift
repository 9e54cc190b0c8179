import ApusWire

extension FeatureSpec {
    /// What a record of `/predict` may have for this column. A range is only described: what lies outside is refused
    /// by some servers and counted by others.
    /// - Parameter tensor: the type of the tensor that it is a column of.
    func valueSchema(in tensor: ElementType) -> String {
        var members: [String] = []
        if categories.isEmpty {
            // Of the tensors only those of floats have a value that stands for none.
            let null = isRequired || !tensor.isFloatingPoint ? "" : ",{\"type\":\"null\"}"
            members.append("\"anyOf\":[\(leafSchema(in: tensor))\(null)]")
        } else {
            members.append("\"enum\":[\(categories.map(json).joined(separator: ","))]")
        }
        var words = summary
        switch (minimum, maximum) {
        case (nil, nil): break
        case (let minimum?, nil): words += " (\(minimum) or more)"
        case (nil, let maximum?): words += " (\(maximum) or less)"
        case (let minimum?, let maximum?): words += " (\(minimum) to \(maximum))"
        }
        if !words.isEmpty { members.append("\"description\":\(quoted(words))") }
        if let defaultValue { members.append("\"default\":\(json(defaultValue))") }
        return "{\(members.joined(separator: ","))}"
    }

    /// A value of it as a record of `/predict` has it.
    private func json(_ value: FeatureValue) -> String {
        isBase64 ? quoted(Base64.text(Array(value.description.utf8))) : value.json
    }

    /// What the page's form knows of it, beside the tensor. Its fields hold what `/predict` takes.
    var formDescription: String {
        var members = [
            "\"name\":\(quoted(name))", "\"input\":\(input)", "\"datatype\":\"\(elementType.datatype)\"",
            "\"required\":\(isRequired)",
        ]
        if isBase64 { members.append("\"base64\":true") }
        if let column { members.append("\"column\":\(column)") }
        if !categories.isEmpty { members.append("\"categories\":[\(categories.map(json).joined(separator: ","))]") }
        if let defaultValue { members.append("\"default\":\(json(defaultValue))") }
        if let minimum { members.append("\"min\":\(FeatureValue.number(minimum).json)") }
        if let maximum { members.append("\"max\":\(FeatureValue.number(maximum).json)") }
        if !summary.isEmpty { members.append("\"description\":\(quoted(summary))") }
        return "{\(members.joined(separator: ","))}"
    }

    private func leafSchema(in tensor: ElementType) -> String {
        if isBase64 { return "{\"type\":\"string\",\"contentEncoding\":\"base64\"}" }
        if elementType.isFloatingPoint { return tensor.leafSchema }
        guard tensor.isFloatingPoint, elementType != .bool,
            let range = FeatureRule.integers(elementType, in: tensor)
        else { return elementType.leafSchema }
        return ElementType.integer(Int(range.lowerBound), Int(range.upperBound))
    }
}

extension FeatureValue {
    var json: String {
        switch self {
        case .text(let text): quoted(text)
        case .number(let number): number.isFinite ? "\(number)" : "null"
        case .bool, .integer: description
        }
    }
}
