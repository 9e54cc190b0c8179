extension ModelInfo {
    /// Reads an OpenAPI document: the `/models/NAME/predict` (or `/predict`) operation's features.
    /// Nil when it has no such operation, or one whose features are not plain values and lists.
    package init?(openAPI document: JSON, name: String?) {
        guard let paths = document["paths"]?.members else { return nil }
        let wanted = name.map { ["/models/\($0)/predict"] }
        let operations = paths.filter { member in
            member.value["post"] != nil && member.name.hasSuffix("/predict")
                && !member.name.contains("{") && (wanted?.contains(member.name) ?? true)
        }
        guard let path = operations.first, let post = path.value["post"] else { return nil }
        let body = post["requestBody"]?["content"]?["application/json"]?["schema"]
        guard let features = OpenAPISchema(document).features(body) else { return nil }
        let answer = post["responses"]?["200"]?["content"]?["application/json"]?["schema"]
        let parts = path.name.split(separator: "/")
        let found = name ?? (parts.count >= 3 ? String(parts[parts.count - 2]) : "default")
        self.init(
            name: found, inputs: features, outputs: OpenAPISchema(document).features(answer) ?? [],
            source: .openAPI)
        predictPath = path.name
    }
}

/// Finds an object's properties behind references and alternatives.
struct OpenAPISchema {
    private let document: JSON

    init(_ document: JSON) { self.document = document }

    /// The properties of the first object that `schema` allows, each as a tensor of one row.
    func features(_ schema: JSON?, depth: Int = 0) -> [ModelInfo.Tensor]? {
        guard let schema = schema.flatMap(resolve), depth < 8 else { return nil }
        if let properties = schema["properties"]?.members, !properties.isEmpty {
            var tensors: [ModelInfo.Tensor] = []
            for property in properties {
                guard let tensor = tensor(property.name, property.value) else { return nil }
                tensors.append(tensor)
            }
            return tensors
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            for choice in schema[key]?.array ?? [] {
                if let found = features(choice, depth: depth + 1) { return found }
            }
        }
        return nil
    }

    /// A scalar is a column; a list of `maxItems` values is that many columns.
    private func tensor(_ name: String, _ schema: JSON) -> ModelInfo.Tensor? {
        guard var schema = resolve(schema) else { return nil }
        var shape = [-1]
        while let items = schema["items"], shape.count < 8 {
            shape.append(schema["maxItems"]?.int ?? schema["minItems"]?.int ?? 1)
            guard let next = resolve(items) else { return nil }
            schema = next
        }
        if shape.count == 1 { shape.append(1) }
        let types =
            schema["type"]?.array?.compactMap(\.string) ?? [schema["type"]?.string ?? "number"]
        let datatype: Datatype =
            if types.contains("integer") { .int64 } else if types.contains("number") {
                .fp32
            } else if types.contains("boolean") { .bool } else { .bytes }
        return ModelInfo.Tensor(name: name, datatype: datatype, shape: shape)
    }

    private func resolve(_ schema: JSON) -> JSON? {
        var schema = schema
        for _ in 0..<16 {
            guard let reference = schema["$ref"]?.string else { return schema }
            guard reference.hasPrefix("#/") else { return nil }
            var value: JSON? = document
            for part in reference.dropFirst(2).split(separator: "/") {
                value = value?[String(part)]
            }
            guard let value else { return nil }
            schema = value
        }
        return nil
    }
}
