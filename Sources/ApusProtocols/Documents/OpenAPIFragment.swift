import ApusWire

/// What the OpenAPI document says of one model version: JSON Schemas (draft 2020-12, as OpenAPI 3.1 takes them) of
/// its requests and answers, made once, where the model is loaded. The proxy puts them under `components`.
///
/// They describe what the server takes and gives, so a generated request that fits them is refused only for what
/// JSON Schema cannot say: that data and shape agree, and that inputs have the same number of rows.
package struct OpenAPIFragment: Equatable, Sendable {
    /// Members of `components.schemas`: `InferRequest`, `InferResponse`, `PredictRequest`, `PredictResponse`, `Row`,
    /// `TensorFlowRequest`, `MLflowRequest`,
    /// each behind `OpenAPINames.schemaPrefix`. Without braces around them.
    package let bytes: [UInt8]

    /// - Parameter examples: requests that the model answers; nil for a document without any.
    package init(_ schema: ModelSchema, examples: ExampleTexts?) {
        let prefix = OpenAPINames.schemaPrefix(name: schema.name, version: schema.version)
        let members = [
            ("InferRequest", Self.inferRequest(schema, example: examples?.infer)),
            ("InferResponse", Self.inferResponse(schema)),
            ("PredictRequest", Self.predictRequest(schema, row: prefix + "Row", examples: examples?.predict ?? [])),
            ("PredictResponse", Self.predictResponse(schema)),
            ("Row", Self.row(schema)),
            ("TensorFlowRequest", Self.tensorFlowRequest(schema, row: prefix + "Row", examples: examples?.tensorFlow ?? [])),
            ("MLflowRequest", Self.mlflowRequest(schema, examples: examples?.mlflow ?? [])),
        ]
        bytes = Array(members.map { "\(quoted(prefix + $0.0)):\($0.1)" }.joined(separator: ",").utf8)
    }

    // MARK: V2

    private static func inferRequest(_ schema: ModelSchema, example: String?) -> String {
        let count = schema.inputs.count
        var members = [
            "\"type\":\"object\"", "\"required\":[\"inputs\"]",
            "\"x-apus-model\":\(description(schema))",
            JSONSchema.properties([
                ("id", "{\"type\":[\"string\",\"null\"]}"),
                ("parameters", "{\"type\":[\"object\",\"null\"]}"),
                (
                    "inputs",
                    "{\"type\":\"array\",\"minItems\":\(count),\"maxItems\":\(count)"
                        + (count > 0 ? ",\"items\":\(JSONSchema.any(schema.inputs.map(\.inputSchema)))}" : "}")
                ),
                (
                    "outputs",
                    "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"object\",\"required\":[\"name\"],"
                        + "\"properties\":{\"name\":\(names(schema.outputs)),"
                        + "\"parameters\":{\"type\":[\"object\",\"null\"]}}}}"
                ),
            ]),
        ]
        if let example { members.append("\"examples\":[\(example)]") }
        return "{\(members.joined(separator: ","))}"
    }

    private static func inferResponse(_ schema: ModelSchema) -> String {
        let output = "{\"type\":\"object\",\"required\":[\"name\",\"datatype\",\"shape\"],"
            + JSONSchema.properties([
                ("name", names(schema.outputs)), ("datatype", "{\"type\":\"string\"}"),
                ("shape", "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0}}"),
                ("data", "{\"type\":\"array\"}"), ("parameters", "{\"type\":\"object\"}"),
            ]) + "}"
        return "{\"type\":\"object\",\"required\":[\"model_name\",\"model_version\",\"outputs\"],"
            + JSONSchema.properties([
                ("model_name", "{\"const\":\(quoted(schema.name))}"),
                ("model_version", "{\"const\":\"\(schema.version)\"}"),
                ("id", "{\"type\":\"string\"}"), ("parameters", "{\"type\":\"object\"}"),
                ("outputs", "{\"type\":\"array\",\"items\":\(output)}"),
            ]) + "}"
    }

    private static func names(_ specs: [TensorSpec]) -> String {
        "{\"enum\":[\(specs.map { quoted($0.name) }.joined(separator: ","))]}"
    }

    // MARK: The model itself

    /// For the page that builds a form: what a JSON Schema has only between its lines.
    private static func description(_ schema: ModelSchema) -> String {
        func list(_ specs: [TensorSpec]) -> String {
            "[" + specs.map(\.tensorDescription).joined(separator: ",") + "]"
        }
        return "{\"name\":\(quoted(schema.name)),\"version\":\"\(schema.version)\","
            + "\"has_rows\":\(schema.hasRows),"
            + "\"features\":[\(schema.features.map(\.formDescription).joined(separator: ","))],"
            + "\"max_batch_size\":\(schema.isBatchable ? schema.maxBatchRowCount : 0),"
            + "\"inputs\":\(list(schema.inputs)),\"outputs\":\(list(schema.outputs))}"
    }

    // MARK: /predict

    /// One object of features.
    /// - Parameter isOpen: features that the model does not have are passed over.
    static func row(_ schema: ModelSchema, isOpen: Bool = false) -> String {
        let closing = isOpen ? "" : "\"additionalProperties\":false,"
        let first = schema.hasRows ? 1 : 0
        let properties = schema.inputs.map { ($0.name, $0.valueSchema(from: first)) }
        let optional = schema.features.filter { $0.column == nil && !$0.isRequired }.map(\.name)
        let required = schema.inputs.filter { first == 0 || !optional.contains($0.name) || !$0.isOneValue(from: 1) }
            .map { quoted($0.name) }.joined(separator: ",")
        let inputs = "{\"type\":\"object\",\"required\":[\(required)],\(closing)"
            + JSONSchema.properties(properties) + "}"
        guard let columns = ColumnNames(schema) else { return inputs }
        let needed = columns.features.filter(\.isRequired).map { quoted($0.name) }.joined(separator: ",")
        return "{\"anyOf\":[{\"type\":\"object\",\"minProperties\":1,\"required\":[\(needed)],"
            + closing
            + JSONSchema.properties(columns.features.map { ($0.name, $0.valueSchema(in: schema.inputs[0].elementType)) }) + "},\(inputs)]}"
    }

    private static func predictRequest(_ schema: ModelSchema, row: String, examples: [String]) -> String {
        let one = "{\"$ref\":\(quoted("#/components/schemas/\(row)"))}"
        var forms: [String] = []
        if schema.fixedRowCount ?? 1 == 1 { forms.append(one) }
        if schema.hasRows {
            let count = schema.fixedRowCount.map { "\"minItems\":\($0),\"maxItems\":\($0)" } ?? "\"minItems\":1"
            forms.append("{\"type\":\"array\",\(count),\"items\":\(one)}")
            if !schema.inputs.contains(where: { $0.name == "data" }) {
                forms.append(
                    "{\"type\":\"object\",\"required\":[\"data\"],\"additionalProperties\":false,"
                        + "\"properties\":{\"data\":{\"type\":\"array\",\(count),\"items\":\(rowList(schema))}}}")
            }
        }
        let shown = examples.isEmpty ? "" : ",\"examples\":[\(examples.joined(separator: ","))]"
        return "{\"anyOf\":[\(forms.joined(separator: ","))]\(shown)}"
    }

    /// One row in `{"data": …}`.
    private static func rowList(_ schema: ModelSchema) -> String {
        if schema.inputs.count == 1, schema.inputs[0].shape.count > 1 {
            return schema.inputs[0].listSchema(from: 1)
        }
        let count = schema.inputs.count
        let values = schema.inputs.map { $0.valueSchema(from: 1) }.joined(separator: ",")
        return "{\"type\":\"array\",\"minItems\":\(count),\"maxItems\":\(count),\"prefixItems\":[\(values)]}"
    }

    /// Only the self-test's proof that rows are independent says that every output has one value for each row.
    private static func predictResponse(_ schema: ModelSchema) -> String {
        guard schema.isBatchable else { return "{\"type\":[\"object\",\"array\"]}" }
        let required = schema.outputs.map { quoted($0.name) }.joined(separator: ",")
        let answer = "{\"type\":\"object\",\"required\":[\(required)],"
            + JSONSchema.properties(schema.outputs.map { ($0.name, $0.answerSchema) }) + "}"
        return "{\"anyOf\":[\(answer),{\"type\":\"array\",\"items\":\(answer)}]}"
    }
}
