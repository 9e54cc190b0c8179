import ApusWire

/// Pieces of JSON Schema text.
enum JSONSchema {
    static func properties(_ members: [(String, String)]) -> String {
        "\"properties\":{\(members.map { "\(quoted($0.0)):\($0.1)" }.joined(separator: ","))}"
    }

    static func any(_ schemas: [String]) -> String {
        schemas.count == 1 ? schemas[0] : "{\"anyOf\":[\(schemas.joined(separator: ","))]}"
    }

    /// A list of `item`, of that length if it is known, else of `least` items or more.
    static func list(of item: String, count: Int?, least: Int = 0) -> String {
        let open = least > 0 ? "\"minItems\":\(least)," : ""
        let length = count.map { "\"minItems\":\($0),\"maxItems\":\($0)," } ?? open
        return "{\"type\":\"array\",\(length)\"items\":\(item)}"
    }
}

extension TensorSpec {
    /// One input tensor of an infer request.
    var inputSchema: String {
        let dimensions = shape.map { $0.map { "{\"const\":\($0)}" } ?? "{\"type\":\"integer\",\"minimum\":0}" }
        let rank = "\"minItems\":\(shape.count),\"maxItems\":\(shape.count)"
        let sizes = dimensions.isEmpty ? "" : ",\"prefixItems\":[\(dimensions.joined(separator: ","))]"
        let leaf = elementType.leafSchema
        return "{\"type\":\"object\",\"required\":[\"name\",\"shape\",\"datatype\"],"
            + JSONSchema.properties([
                ("name", "{\"const\":\(quoted(name))}"),
                ("shape", "{\"type\":\"array\",\(rank)\(sizes)}"),
                ("datatype", "{\"const\":\"\(elementType.datatype)\"}"),
                ("data", "{\"type\":\"array\",\"items\":{\"anyOf\":[\(leaf),{\"type\":\"array\"}]}}"),
                ("parameters", "{\"type\":[\"object\",\"null\"]}"),
            ]) + "}"
    }

    /// A value of `/predict`, leaving the dimensions before `first` aside.
    func valueSchema(from first: Int) -> String {
        guard shape.count > first else { return elementType.leafSchema }
        let list = listSchema(from: first)
        return isOneValue(from: first) ? JSONSchema.any([elementType.leafSchema, list]) : list
    }

    /// Lists in lists for the dimensions from `first` on.
    func listSchema(from first: Int) -> String {
        shape.dropFirst(first).reversed().reduce(elementType.leafSchema) { JSONSchema.list(of: $0, count: $1) }
    }

    /// The whole tensor, with its rows, as TensorFlow Serving and MLflow have it: dimensions of 1 at the end may be
    /// left out.
    var wholeSchema: String {
        // An empty list does not say how long its lists would be.
        func schema(rank: Int) -> String {
            let rows = shape.dropFirst().prefix(rank - 1).reversed().reduce(elementType.leafSchema) {
                JSONSchema.list(of: $0, count: $1)
            }
            return JSONSchema.list(of: rows, count: shape[0], least: rank > 1 || shape.count > 1 ? 1 : 0)
        }
        guard !shape.isEmpty else { return elementType.leafSchema }
        return JSONSchema.any((1...shape.count).filter(isOneValue).map(schema))
    }

    /// A row of this output in an answer of `/predict`; anything where the shape is the run's to decide.
    var answerSchema: String {
        let leaf = elementType.answerLeafSchema
        if let labels {
            let members = (0..<labels.count).map { (labels.text($0), leaf) }
            return "{\"type\":\"object\",\(JSONSchema.properties(members)),\"additionalProperties\":\(leaf)}"
        }
        if shape.count == 1 || (shape.count == 2 && shape[1] == 1) { return leaf }
        guard shape.dropFirst().allSatisfy({ $0 != nil }) else { return "{}" }
        return shape.dropFirst().reversed().reduce(leaf) { JSONSchema.list(of: $0, count: $1) }
    }

    /// `{"name":…,"datatype":…,"shape":…}` with the class labels, if there are any.
    var tensorDescription: String {
        let head = "{\"name\":\(quoted(name)),\"datatype\":\"\(elementType.datatype)\",\"shape\":\(shapeText)"
        guard let labels else { return head + "}" }
        let texts = (0..<labels.count).map { quoted(labels.text($0)) }
        return head + ",\"labels\":[\(texts.joined(separator: ","))]}"
    }
}

extension ElementType {
    /// What one element may be in a request.
    var leafSchema: String {
        switch self {
        case .bool: "{\"enum\":[true,false,0,1]}"
        case .uint8: Self.integer(0, 255)
        case .uint16: Self.integer(0, 65_535)
        case .uint32: Self.integer(0, 4_294_967_295)
        case .uint64: "{\"type\":\"integer\",\"minimum\":0,\"maximum\":18446744073709551615}"
        case .int8: Self.integer(-128, 127)
        case .int16: Self.integer(-32_768, 32_767)
        case .int32: Self.integer(-2_147_483_648, 2_147_483_647)
        case .int64: Self.integer(.min, .max)
        case .float16: Self.number(below: "65520")
        case .bfloat16: Self.number(below: "3.396177529230458e38")
        case .float32: Self.number(below: "3.4028235677973366e38", ",\"format\":\"float\"")
        case .float64: "{\"type\":[\"number\",\"null\"],\"format\":\"double\"}"
        case .string: "{\"type\":\"string\"}"
        }
    }

    /// What one element is in an answer.
    var answerLeafSchema: String { self == .bool ? "{\"type\":\"boolean\"}" : leafSchema }

    /// - Parameter limit: what is rounded to infinity, half a step above the greatest number of the type.
    private static func number(below limit: String, _ format: String = "") -> String {
        "{\"type\":[\"number\",\"null\"],\"exclusiveMinimum\":-\(limit),\"exclusiveMaximum\":\(limit)\(format)}"
    }

    static func integer(_ least: Int, _ most: Int) -> String {
        "{\"type\":\"integer\",\"minimum\":\(least),\"maximum\":\(most)}"
    }
}
