import ApusWire

/// Requests in the forms of other servers' protocols.
extension OpenAPIFragment {
    /// TensorFlow Serving's `:predict`.
    static func tensorFlowRequest(_ schema: ModelSchema, examples: [String]) -> String {
        let signature = ("signature_name", "{\"enum\":[\"\",\"serving_default\"]}")
        var forms = [
            form("inputs", wholes(schema), signature)
        ]
        if schema.hasRows {
            let rows = schema.fixedRowCount.map { "\"minItems\":\($0),\"maxItems\":\($0)" } ?? "\"minItems\":1"
            forms.append(form("instances", "{\"type\":\"array\",\(rows)}", signature))
        }
        return "{\"anyOf\":[\(forms.joined(separator: ","))]\(shown(examples))}"
    }

    /// MLflow's `/invocations` with JSON.
    static func mlflowRequest(_ schema: ModelSchema, examples: [String]) -> String {
        let parameters = ("params", "{\"type\":\"object\"}")
        var forms = [form("inputs", wholes(schema), parameters)]
        if schema.hasRows {
            let list = "{\"type\":\"array\",\"minItems\":1}"
            let split = "{\"type\":\"object\",\"required\":[\"data\"],\"additionalProperties\":false,"
                + JSONSchema.properties([
                    ("columns", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"),
                    ("index", "{\"type\":\"array\"}"), ("data", list),
                ]) + "}"
            forms.append(form("instances", list, parameters))
            forms.append(form("dataframe_split", split, parameters))
            forms.append(form("dataframe_records", list, parameters))
        }
        return "{\"anyOf\":[\(forms.joined(separator: ","))]\(shown(examples))}"
    }

    /// All inputs by name, whole; one input may stand without its name.
    private static func wholes(_ schema: ModelSchema) -> String {
        let properties = schema.inputs.map { ($0.name, $0.listSchema(from: 0)) }
        let required = schema.inputs.map { quoted($0.name) }.joined(separator: ",")
        let object = "{\"type\":\"object\",\"required\":[\(required)],\"additionalProperties\":false,"
            + JSONSchema.properties(properties) + "}"
        guard schema.inputs.count == 1 else { return object }
        return JSONSchema.any([object, schema.inputs[0].listSchema(from: 0)])
    }

    private static func form(_ key: String, _ value: String, _ other: (String, String)) -> String {
        "{\"type\":\"object\",\"required\":[\"\(key)\"],"
            + JSONSchema.properties([(key, value), other]) + "}"
    }

    private static func shown(_ examples: [String]) -> String {
        examples.isEmpty ? "" : ",\"examples\":[\(examples.joined(separator: ","))]"
    }
}
