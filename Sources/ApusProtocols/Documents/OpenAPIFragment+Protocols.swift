import ApusWire

/// Requests in the forms of other servers' protocols.
extension OpenAPIFragment {
    /// TensorFlow Serving's `:predict`.
    static func tensorFlowRequest(_ schema: ModelSchema, row: String, examples: [String]) -> String {
        let signature = ("signature_name", "{\"enum\":[\"\",\"serving_default\"]}")
        var forms = [form("inputs", wholes(schema), signature)]
        if schema.hasRows {
            let row = "{\"$ref\":\(quoted("#/components/schemas/\(row)"))}"
            forms.append(form("instances", instances(schema, row: row), signature))
        }
        return "{\"anyOf\":[\(forms.joined(separator: ","))]\(shown(examples))}"
    }

    /// MLflow's `/invocations` with JSON.
    static func mlflowRequest(_ schema: ModelSchema, examples: [String]) -> String {
        let parameters = ("params", "{\"type\":[\"object\",\"null\"]}")
        var forms = [form("inputs", wholes(schema), parameters)]
        if schema.hasRows {
            forms.append(form("instances", instances(schema, row: row(schema, isOpen: true)), parameters))
            forms.append(form("dataframe_split", split(schema), parameters))
            forms.append(form("dataframe_records", rows(schema, of: record(schema)), parameters))
        }
        return "{\"anyOf\":[\(forms.joined(separator: ","))]\(shown(examples))}"
    }

    /// Rows as objects or, of a model with one input, as they stand in its tensor.
    private static func instances(_ schema: ModelSchema, row: String) -> String {
        let objects = rows(schema, of: row)
        return schema.inputs.count == 1 ? JSONSchema.any([objects, schema.inputs[0].wholeSchema]) : objects
    }

    private static func rows(_ schema: ModelSchema, of item: String) -> String {
        JSONSchema.list(of: item, count: schema.fixedRowCount, least: 1)
    }

    /// A table whose columns are the model's in their order, or have names.
    private static func split(_ schema: ModelSchema) -> String {
        let index = ("index", "{\"type\":[\"array\",\"null\"]}")
        func table(_ required: String, _ columns: String, _ row: String) -> String {
            "{\"type\":\"object\",\"required\":[\(required)],\"additionalProperties\":false,"
                + JSONSchema.properties([("columns", columns), index, ("data", rows(schema, of: row))]) + "}"
        }
        let names = "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"integer\"]}}"
        return JSONSchema.any([
            table("\"data\"", "{\"type\":\"null\"}", tableRow(schema)),
            table("\"columns\",\"data\"", names, "{\"type\":\"array\"}"),
        ])
    }

    /// The values of a row in the model's order.
    private static func tableRow(_ schema: ModelSchema) -> String {
        if let matrix = namelessMatrix(schema) { return matrix.listSchema(from: 1) }
        let values = columns(schema).map(\.1)
        return "{\"type\":\"array\",\"minItems\":\(values.count),\"maxItems\":\(values.count),"
            + "\"prefixItems\":[\(values.joined(separator: ","))]}"
    }

    /// One record of a table. The columns of a matrix without names may be called anything.
    private static func record(_ schema: ModelSchema) -> String {
        if let matrix = namelessMatrix(schema) {
            let count = matrix.shape[1].map { "\"minProperties\":\($0),\"maxProperties\":\($0)" } ?? "\"minProperties\":1"
            return "{\"type\":\"object\",\(count),\"additionalProperties\":\(matrix.elementType.leafSchema)}"
        }
        let required = schema.features.filter(\.isRequired).map { quoted($0.name) }.joined(separator: ",")
        return "{\"type\":\"object\",\"required\":[\(required)],\(JSONSchema.properties(columns(schema)))}"
    }

    private static func namelessMatrix(_ schema: ModelSchema) -> TensorSpec? {
        guard schema.inputs.count == 1, !schema.hasColumns, schema.inputs[0].shape.count == 2 else { return nil }
        return schema.inputs[0].shape[1] == 1 ? nil : schema.inputs[0]
    }

    /// The columns of a table with what one value of each is, in the model's order.
    private static func columns(_ schema: ModelSchema) -> [(String, String)] {
        schema.features.map { feature in
            let input = schema.inputs[feature.input]
            let isWhole = feature.column == nil
            return (feature.name, isWhole ? input.valueSchema(from: 1) : feature.valueSchema(in: input.elementType))
        }
    }

    /// All inputs by name, whole; one input may stand without its name.
    private static func wholes(_ schema: ModelSchema) -> String {
        let properties = schema.inputs.map { ($0.name, $0.wholeSchema) }
        let required = schema.inputs.map { quoted($0.name) }.joined(separator: ",")
        let object = "{\"type\":\"object\",\"required\":[\(required)],\"additionalProperties\":false,"
            + JSONSchema.properties(properties) + "}"
        guard schema.inputs.count == 1 else { return object }
        return JSONSchema.any([object, schema.inputs[0].wholeSchema])
    }

    private static func form(_ key: String, _ value: String, _ other: (String, String)) -> String {
        "{\"type\":\"object\",\"required\":[\"\(key)\"],"
            + JSONSchema.properties([(key, value), other]) + "}"
    }

    private static func shown(_ examples: [String]) -> String {
        examples.isEmpty ? "" : ",\"examples\":[\(examples.joined(separator: ","))]"
    }
}
