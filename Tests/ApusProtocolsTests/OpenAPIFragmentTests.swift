import ApusModel
import ApusProtocols
import ApusWire
import Foundation
import Testing

/// A model whose examples its own codecs have to take.
struct ExampleSample: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let schema: ModelSchema

    init(_ description: String, _ schema: ModelSchema) {
        testDescription = description
        self.schema = schema
    }

    static func inputs(_ description: String, _ inputs: [TensorSpec]) -> ExampleSample {
        ExampleSample(
            description,
            ModelSchema(
                name: description, version: 1, inputs: inputs, outputs: [], isBatchable: false,
                maxBatchRowCount: 8))
    }

    static let types = ElementType.allCases.map { ExampleSample("\($0)", .echo($0, [nil, 2])) }
    static let shapes = [[], [nil], [1], [3], [nil, 1], [nil, nil], [nil, 2, 3], [2, 2], [1, 1, 1]].map {
        ExampleSample("shape \($0.map { $0.map(String.init) ?? "any" })", .echo(.float32, $0))
    }
    static let others = [
        ExampleSample("a batchable model", .iris),
        ExampleSample("784 columns", .echo(.float32, [nil, 784], isBatchable: true)),
        .inputs("several inputs", [
            TensorSpec(name: "age", elementType: .int64, shape: [nil, 1]),
            TensorSpec(name: "a \"name\"", elementType: .string, shape: [nil]),
        ]),
        .inputs("an input called data", [TensorSpec(name: "data", elementType: .float32, shape: [nil, 2])]),
        .inputs("inputs without common rows", [
            TensorSpec(name: "a", elementType: .float32, shape: [nil]),
            TensorSpec(name: "b", elementType: .float32, shape: [2, 2]),
        ]),
        .inputs("no inputs", []),
    ]

    /// The schemas of the version, by their names without what is before them.
    func schemas() throws -> [String: [String: Any]] {
        let bytes = OpenAPIFragment(schema, examples: ExampleTexts(schema)).bytes
        let parsed = try JSONSerialization.jsonObject(with: Data("{".utf8 + bytes + "}".utf8))
        let prefix = OpenAPINames.schemaPrefix(name: schema.name, version: schema.version)
        let members = try #require(parsed as? [String: [String: Any]])
        return Dictionary(uniqueKeysWithValues: members.map { (String($0.dropFirst(prefix.count)), $1) })
    }

    func examples(_ key: String) throws -> [String] {
        let examples = try schemas()[key]?["examples"] as? [Any] ?? []
        return try examples.map {
            String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
        }
    }
}

@Suite("OpenAPI fragments")
struct OpenAPIFragmentTests {
    @Test(
        "the codecs take every example",
        arguments: ExampleSample.types + ExampleSample.shapes + ExampleSample.others)
    func examples(_ sample: ExampleSample) throws {
        let predict = try sample.examples("PredictRequest")
        #expect(!predict.isEmpty)
        for example in predict {
            try Exchange(sample.schema, PredictCodec(schema: sample.schema)).decode(example)
        }
        let isBinaryOnly = sample.schema.inputs.contains {
            $0.elementType == .float16 || $0.elementType == .bfloat16
        }
        let infer = try sample.examples("InferRequest")
        #expect(infer.isEmpty == isBinaryOnly)
        for example in infer { try Exchange(sample.schema).decode(example) }
    }

    @Test("a model whose row is too long to show, or that failed its self-test, has no example")
    func noExample() throws {
        let wide = ExampleSample("wide", .echo(.float32, [nil, 224, 224, 3]))
        #expect(try wide.examples("InferRequest").isEmpty)
        #expect(try wide.examples("PredictRequest").isEmpty)
        let failing = String(decoding: OpenAPIFragment(.iris, examples: nil).bytes, as: UTF8.self)
        #expect(!failing.contains("examples"))
    }

    @Test("a wide input has whole numbers")
    func wide() throws {
        let text = try #require(ExampleSample("wide", .echo(.float32, [nil, 784])).examples("InferRequest").first)
        #expect(text.utf8.count < 3_000)
    }

    @Test("a request that comes with the model is the example, in every form")
    func ownRequest() throws {
        let body = #"[{"age": -9223372036854775808, "name": "\u00e9 \"x\"", "fare": [0.1, 1e-7]}]"#
        let schema = ExampleSample.inputs("own", [
            TensorSpec(name: "age", elementType: .int64, shape: [nil, 1]),
            TensorSpec(name: "name", elementType: .string, shape: [nil]),
            TensorSpec(name: "fare", elementType: .float32, shape: [nil, 2]),
        ]).schema
        let examples = try #require(ExampleTexts(schema, .own, Array(body.utf8)))
        let text = String(decoding: OpenAPIFragment(schema, examples: examples).bytes, as: UTF8.self)
        #expect(text.contains(#"{"age":-9223372036854775808,"name":"é \"x\"","fare":[0.1,1e-07]}"#))
        #expect(text.contains(#""shape":[1,2],"datatype":"FP32","data":[0.1,1e-07]"#))
    }

    @Test(
        "a request that the model does not take, or whose first row is not finite, is no example",
        arguments: [
            #"{"in": [1, 2]"#, #"{"in": [1]}"#, #"{"out": [1, 2]}"#, #"{"in": [1, Infinity]}"#, "",
        ])
    func noOwnRequest(_ body: String) {
        #expect(ExampleTexts(.echo(.float32, [nil, 2]), .own, Array(body.utf8)) == nil)
    }

    @Test("a made-up example is within what the features allow, and is by column")
    func fitted() throws {
        let schema = FeatureTests.schema {
            $0.features[0].maximum = 0.5
            $0.features[2].minimum = 7
        }
        let examples = try #require(ExampleTexts(schema))
        let text = String(decoding: OpenAPIFragment(schema, examples: examples).bytes, as: UTF8.self)
        #expect(text.contains(#"{"age":0,"class":1,"fare":7.0}"#), "\(text)")
        let exchange = Exchange(schema, PredictCodec(schema: schema))
        #expect(exchange.refusal(#"{"age":0,"class":1,"fare":7.0}"#) == "accepted")
        #expect(text.contains(#"{"name":"age","input":0,"datatype":"INT64","required":true,"column":0,"max":0.5}"#))
        #expect(text.contains(#""column":1,"categories":[1,2.5]}"#))
    }

    @Test("a binary column is in base64 where the protocol has no bytes")
    func base64() throws {
        var schema = FeatureTests.binary
        schema.features[0].categories = [.text("a?>")]
        let examples = try #require(ExampleTexts(schema))
        let text = String(decoding: OpenAPIFragment(schema, examples: examples).bytes, as: UTF8.self)
        #expect(text.contains(#""image":{"enum":["YT8+"]}"#), "\(text)")
        #expect(text.contains(#""base64":true,"column":0,"categories":["YT8+"]"#), "\(text)")
        #expect(text.contains(#""datatype":"BYTES","data":["a?>","a"]"#), "\(text)")
        let bodies: [(String, any InferenceCodec)] = [
            (#"{"image":"YT8+","name":"a"}"#, PredictCodec(schema: schema)),
            (#"{"data":[["YT8+","a"]]}"#, PredictCodec(schema: schema)),
            (#"{"dataframe_split":{"columns":["image","name"],"data":[["YT8+","a"]]}}"#, MLflowCodec(schema: schema)),
            (#"{"inputs":{"in":[["YT8+","a"]]}}"#, MLflowCodec(schema: schema)),
            (#"{"inputs":{"in":[["a?>","a"]]}}"#, TensorFlowCodec(schema: schema)),
        ]
        for (body, codec) in bodies {
            #expect(text.contains(body), "\(text)")
            let exchange = Exchange(schema, codec)
            try exchange.decode(body)
            #expect(exchange.strings(0) == ["a?>", "a"])
        }
        schema.features[0].categories = []
        let free = String(decoding: OpenAPIFragment(schema, examples: nil).bytes, as: UTF8.self)
        #expect(free.contains(#""image":{"anyOf":[{"type":"string","contentEncoding":"base64"}]}"#), "\(free)")
    }

    @Test("null stands for a column that may be missing where the tensor has a value for that", arguments: [
        (ElementType.float32, ElementType.int64, true), (.string, .string, false), (.int64, .int32, false),
    ])
    func null(_ row: (tensor: ElementType, feature: ElementType, isTaken: Bool)) throws {
        var schema = ModelSchema.echo(row.tensor, [nil, 1], isBatchable: true)
        schema.features = [FeatureSpec(name: "a", input: 0, column: 0, elementType: row.feature)]
        schema.features[0].isRequired = false
        schema.features[0].defaultValue = row.tensor == .string ? .text("") : .integer(1)
        let text = String(decoding: OpenAPIFragment(schema, examples: nil).bytes, as: UTF8.self)
        #expect(text.contains(#",{"type":"null"}],"default":"#) == row.isTaken, "\(text)")
        let refusal = Exchange(schema, PredictCodec(schema: schema)).refusal(#"{"a":null}"#)
        #expect((refusal == "accepted") == row.isTaken, "\(refusal)")
    }

    @Test("an example of other rows than the schema's columns is of the input whole, in every form")
    func otherWidth() throws {
        let schema = FeatureTests.schema { $0.inputs[0].shape = [nil, nil] }
        for examples in [
            try #require(ExampleTexts(schema, .own, Array(#"{"x": [1, 2]}"#.utf8))), try #require(ExampleTexts(schema)),
        ] {
            let text = String(decoding: OpenAPIFragment(schema, examples: examples).bytes, as: UTF8.self)
            #expect(text.contains(#""examples":[{"x":"#), "\(text)")
            #expect(!text.contains(#""examples":[{"dataframe_split":"#), "\(text)")
        }
    }

    @Test("a row of an input of any size is shown with all its values")
    func openWidth() throws {
        let schema = ModelSchema.echo(.float32, [nil, nil], isBatchable: true)
        let examples = try #require(ExampleTexts(schema, .own, Array(#"[{"in": [1, 2]}, {"in": [3, 4]}]"#.utf8)))
        let text = String(decoding: OpenAPIFragment(schema, examples: examples).bytes, as: UTF8.self)
        #expect(text.contains(#"{"in":[1.0,2.0]}"#), "\(text)")
        #expect(!text.contains(#"{"in":1.0}"#), "\(text)")
    }

    @Test("of several rows the first is the example", arguments: [
        (ExampleFile.own, #"[{"in": [1, 2]}, {"in": [3, 4]}]"#),
        (.serving, #"{"inputs": [[1, 2], [3, 4]]}"#), (.serving, #"{"inputs": {"in": [[1, 2], [3, 4]]}}"#),
        (.serving, #"{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [null, 4]]}}"#),
    ])
    func firstRow(_ row: (file: ExampleFile, body: String)) throws {
        let schema = ModelSchema.echo(.float32, [nil, 2], isBatchable: true)
        let examples = try #require(ExampleTexts(schema, row.file, Array(row.body.utf8)))
        let text = String(decoding: OpenAPIFragment(schema, examples: examples).bytes, as: UTF8.self)
        #expect(text.contains(#""shape":[1,2],"datatype":"FP32","data":[1.0,2.0]"#), "\(text)")
    }

    @Test("the form's facts name the class labels")
    func labels() throws {
        var schema = ModelSchema.iris
        schema.outputs[1].labels = .strings(["setosa", "versicolor", "virginica"])
        let schemas = try ExampleSample("labels", schema).schemas()
        let model = try #require(schemas["InferRequest"]?["x-apus-model"] as? [String: Any])
        let outputs = try #require(model["outputs"] as? [[String: Any]])
        #expect(outputs[1]["labels"] as? [String] == ["setosa", "versicolor", "virginica"])
    }
}
