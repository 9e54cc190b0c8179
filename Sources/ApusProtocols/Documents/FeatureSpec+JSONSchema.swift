import ApusWire

extension FeatureSpec {
    /// What a record of `/predict` may have for this column. A range is only described: what lies outside is refused
    /// by some servers and counted by others.
    var valueSchema: String {
        var members: [String] = []
        if categories.isEmpty {
            members.append("\"anyOf\":[\(elementType.leafSchema)\(isRequired ? "" : ",{\"type\":\"null\"}")]")
        } else {
            members.append("\"enum\":[\(categories.map(\.json).joined(separator: ","))]")
        }
        var words = summary
        switch (minimum, maximum) {
        case (nil, nil): break
        case (let minimum?, nil): words += " (\(minimum) or more)"
        case (nil, let maximum?): words += " (\(maximum) or less)"
        case (let minimum?, let maximum?): words += " (\(minimum) to \(maximum))"
        }
        if !words.isEmpty { members.append("\"description\":\(quoted(words))") }
        if let defaultValue { members.append("\"default\":\(defaultValue.json)") }
        return "{\(members.joined(separator: ","))}"
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
