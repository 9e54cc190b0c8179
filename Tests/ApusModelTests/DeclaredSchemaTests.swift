import ApusModel
import ApusWire
import Testing

@Suite("what files declare, joined with the graph")
struct DeclaredSchemaTests {
    static let matrix = [TensorSpec(name: "x", elementType: .float32, shape: [nil, 2])]
    static let two = [
        TensorSpec(name: "age", elementType: .int64, shape: [nil, 1]),
        TensorSpec(name: "city", elementType: .string, shape: [nil, 1]),
    ]

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var inputs = DeclaredSchemaTests.matrix
        /// The features as `apus inspect` shows them.
        var features: [String] = []
        var document: String
    }

    static let files = [
        Row(testDescription: "columns of the only input", features: ["a FP32, 0 to 9.5: in cm", "b INT64, optional"],
            document: """
                {"inputs":[{"name":"a","type":"double","min":0,"max":9.5,"description":"in cm"},
                           {"name":"b","type":"long","required":false}]}
                """),
        Row(testDescription: "inputs in another order", inputs: two,
            features: ["age INT64, default 30", "city BYTES, one of NL | DE"],
            document: """
                {"inputs":[{"name":"city","categories":["NL","DE"]},{"name":"age","default":30}]}
                """),
        Row(testDescription: "an integer that has to be there is not optional", inputs: two,
            features: ["age INT64", "city BYTES, optional"],
            document: #"{"inputs":[{"name":"age","required":false},{"name":"city","required":false}]}"#),
        Row(testDescription: "zero and one of a float tensor", features: ["a BOOL, default true", "b FP32"],
            document: #"{"inputs":[{"name":"a","type":"boolean","default":true},{"name":"b"}]}"#),
    ]

    @Test("a schema.yaml gives inputs and columns their rules", arguments: files)
    func file(_ row: Row) throws {
        let declared = try DeclaredSchema(file: try JSONReader.read(Array(row.document.utf8)))
        #expect(try declared.features(of: row.inputs).map(\.line) == row.features)
    }

    static let signatures = [
        Row(testDescription: "columns", features: ["a FP32", "b INT64"],
            document: #"[{"type":"double","name":"a","required":true},{"type":"long","name":"b"}]"#),
        Row(testDescription: "columns without names", features: ["0 FP32", "1 FP32"],
            document: #"[{"type":"double"},{"type":"float"}]"#),
        Row(testDescription: "a tensor without a name", features: ["x FP32"],
            document: #"[{"type":"tensor","tensor-spec":{"dtype":"float64","shape":[-1,2]}}]"#),
        Row(testDescription: "lists", inputs: [TensorSpec(name: "x", elementType: .float32, shape: [nil, nil])],
            features: ["x FP32, optional"],
            document: #"[{"type":"array","items":{"type":"double"},"name":"x","required":false}]"#),
        Row(testDescription: "inputs by name", inputs: two, features: ["age INT32", "city BYTES, base64"],
            document: #"[{"type":"binary","name":"city"},{"type":"integer","name":"age"}]"#),
    ]

    @Test("a signature is joined with the graph", arguments: signatures)
    func signature(_ row: Row) throws {
        let root = JSONValue.object([
            ("signature", .object([("inputs", .string(row.document)), ("params", .null)]))
        ])
        let declared = try #require(try DeclaredSchema(mlmodel: root))
        #expect(try declared.features(of: row.inputs).map(\.line) == row.features)
    }

    @Test("a signature's parameters are known by type and default")
    func parameters() throws {
        let root = JSONValue.object([
            ("signature", .object([
                ("inputs", .string(#"[{"type":"double","name":"a"}]"#)),
                ("params", .string(#"[{"name":"t","default":0.5,"shape":null,"type":"double"},"#
                    + #"{"name":"l","default":[1,2],"shape":[-1],"type":"long"}]"#)),
            ]))
        ])
        #expect(try DeclaredSchema(mlmodel: root)?.parameters == [
            ParameterSpec(name: "t", elementType: .float64, isList: false, defaultText: "0.5"),
            ParameterSpec(name: "l", elementType: .int64, isList: true, defaultText: "[1,2]"),
        ])
    }

    static let refused = [
        Row(testDescription: "a name the model does not have", inputs: two,
            features: ["schema.yaml: it has 'height', which is no input of the model; its inputs are 'age', 'city'"],
            document: #"{"inputs":[{"name":"height"},{"name":"age"}]}"#),
        Row(testDescription: "an input that is left out", inputs: two,
            features: ["schema.yaml: it lacks 'city', which is an input of the model"],
            document: #"{"inputs":[{"name":"age"}]}"#),
        Row(testDescription: "a column too many",
            features: ["schema.yaml: it describes 3 of them, but the model has 2 columns in input 'x'"],
            document: #"{"inputs":[{"name":"a"},{"name":"b"},{"name":"c"}]}"#),
        Row(testDescription: "a text for a number",
            features: ["schema.yaml: 'a' is BYTES, which a tensor of FP32, as the model has it, does not hold without loss"],
            document: #"{"inputs":[{"name":"a","type":"string"},{"name":"b"}]}"#),
        Row(testDescription: "a fraction for an integer", inputs: two,
            features: ["schema.yaml: 'age' is FP64, which a tensor of INT64, as the model has it, does not hold without loss"],
            document: #"{"inputs":[{"name":"age","type":"double"},{"name":"city"}]}"#),
        Row(testDescription: "a default of another type", inputs: two,
            features: ["schema.yaml: 'age' is INT64, which 'x' is not"],
            document: #"{"inputs":[{"name":"age","default":"x"},{"name":"city"}]}"#),
        Row(testDescription: "a key that is misspelt",
            features: ["schema.yaml: 'a' has the unknown key 'minimum'; name, type, required, default, categories, min, "
                + "max and description are known"],
            document: #"{"inputs":[{"name":"a","minimum":0},{"name":"b"}]}"#),
        Row(testDescription: "bounds the wrong way round",
            features: ["schema.yaml: 'min' of 'a' is above its 'max'"],
            document: #"{"inputs":[{"name":"a","min":2,"max":1},{"name":"b"}]}"#),
        Row(testDescription: "a name twice", features: ["schema.yaml: 'a' is there twice; once is expected"],
            document: #"{"inputs":[{"name":"a"},{"name":"a"}]}"#),
        Row(testDescription: "a default that is no category",
            features: ["schema.yaml: 'default' of 'a' is none of its 'categories'"],
            document: #"{"inputs":[{"name":"a","categories":[1,2],"default":3},{"name":"b"}]}"#),
    ]

    @Test("a schema.yaml that does not fit is refused by a sentence", arguments: refused)
    func refuses(_ row: Row) throws {
        let root = try JSONReader.read(Array(row.document.utf8))
        let error = #expect(throws: SchemaError.self) {
            try DeclaredSchema(file: root).features(of: row.inputs)
        }
        #expect(error?.description == row.features[0])
    }
}

@Suite("the schema files beside a model")
struct JoinedSchemaTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private let matrix = [TensorSpec(name: "x", elementType: .float32, shape: [nil, 2])]
    private let json: YAMLParser = { (text) throws(YAMLFault) in
        do { return try JSONReader.read(Array(text.utf8)) } catch { throw YAMLFault("it is no YAML") }
    }

    private func joined() throws -> JoinedSchema {
        try JoinedSchema(besideModel: folder.path + "/model.onnx", inputs: matrix, yaml: json)
    }

    @Test("without files, each input is one feature")
    func graph() throws {
        #expect(try joined() == JoinedSchema(matrix))
    }

    @Test("schema.yaml adds to a signature, whose types and parameters stay")
    func both() throws {
        try folder.write("MLmodel", text: #"{"signature":{"inputs":"[{\"type\":\"long\",\"name\":\"a\"},{\"type\":\"double\",\"name\":\"b\"}]"}}"#)
        try folder.write("schema.yaml", text: #"{"inputs":[{"name":"a","max":9},{"name":"b"}]}"#)
        let schema = try joined()
        #expect(schema.features.map(\.line) == ["a INT64, 9 or less", "b FP32"])
        #expect(schema.sources == ["MLmodel", "schema.yaml"])
    }

    @Test("a signature that does not fit leaves the graph, and a warning")
    func warns() throws {
        try folder.write("MLmodel", text: #"{"signature":{"inputs":"[{\"type\":\"map\",\"name\":\"a\"}]"}}"#)
        let schema = try joined()
        #expect(schema.features == FeatureSpec.whole(matrix))
        #expect(schema.warning == "the model is served by its graph alone: MLmodel: column 'a' is of type 'map', "
            + "which no tensor holds")
    }

    @Test("a schema.yaml that is no YAML is refused")
    func refuses() throws {
        try folder.write("schema.yaml", text: "{")
        #expect(throws: SchemaError("schema.yaml", "it is no YAML")) { try joined() }
    }
}
