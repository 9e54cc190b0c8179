import ApusWire

extension FeatureSpec {
    /// `age FP32, 0 to 120, default 30: in years`. For `apus inspect`.
    package var line: String {
        var facts = ["\(name) \(elementType.datatype)"]
        if isBase64 { facts.append("base64") }
        if let defaultValue {
            facts.append("default \(defaultValue.description)")
        } else if !isRequired {
            facts.append("optional")
        }
        if let range { facts.append(range) }
        if !categories.isEmpty {
            let shown = categories.prefix(20).map(\.description).joined(separator: " | ")
            facts.append("one of \(shown)" + (categories.count > 20 ? " … (\(categories.count))" : ""))
        }
        return facts.joined(separator: ", ") + (summary.isEmpty ? "" : ": \(summary)")
    }

    /// `0 to 120`, as far as there are bounds.
    package var range: String? {
        switch (minimum, maximum) {
        case (nil, nil): nil
        case (let minimum?, nil): "\(minimum.plain) or more"
        case (nil, let maximum?): "\(maximum.plain) or less"
        case (let minimum?, let maximum?): "\(minimum.plain) to \(maximum.plain)"
        }
    }
}

extension Double {
    /// Without `.0` where it is a whole number that is written exactly.
    package var plain: String {
        self == rounded() && magnitude < 0x1p53 ? "\(Int(self))" : "\(self)"
    }
}
