import ApusProtocols
import ApusWire
import Testing

/// What the schema puts where rows lack values: rows of a few bytes may ask for very much of it.
@Suite("What is filled in")
struct FilledInTests {
    static let mebibyte = 1 << 20

    /// A text that has to be there, and one of 1 MiB where it is missing.
    static var wholes: ModelSchema {
        var schema = ModelSchema(
            name: "m", version: 1,
            inputs: ["a", "b"].map { TensorSpec(name: $0, elementType: .string, shape: [nil, 1]) },
            outputs: [TensorSpec(name: "out", elementType: .float32, shape: [nil, 2])], isBatchable: true,
            maxBatchRowCount: 8)
        schema.features[1].defaultValue = .text(String(repeating: "b", count: mebibyte))
        schema.features[1].isRequired = false
        return schema
    }

    /// The same as columns of one input.
    static var columns: ModelSchema {
        var schema = wholes
        schema.inputs = [TensorSpec(name: "x", elementType: .string, shape: [nil, 2])]
        schema.features = schema.features.enumerated().map { column, feature in
            var feature = feature
            feature.input = 0
            feature.column = column
            return feature
        }
        return schema
    }

    static func list(_ element: String, _ count: Int) -> String {
        "[" + Array(repeating: element, count: count).joined(separator: ",") + "]"
    }

    /// A form that requests may have, with so many rows that lack `b`.
    struct Form: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let exchange: @Sendable () -> Exchange
        let body: @Sendable (Int) -> String
    }

    static let forms = [
        Form(testDescription: "a tensor of the Open Inference Protocol") { Exchange(wholes) } body: {
            #"{"inputs":[{"name":"a","shape":[\#($0),1],"datatype":"BYTES","data":\#(list(#""a""#, $0))}]}"#
        },
        Form(testDescription: "a tensor of TensorFlow Serving") { Exchange(wholes, TensorFlowCodec(schema: wholes)) } body: {
            #"{"inputs":{"a":\#(list(#""a""#, $0))}}"#
        },
        Form(testDescription: "objects") { Exchange(wholes, PredictCodec(schema: wholes)) } body: {
            list(#"{"a":"a"}"#, $0)
        },
        Form(testDescription: "objects of columns") { Exchange(columns, PredictCodec(schema: columns)) } body: {
            list(#"{"a":"a"}"#, $0)
        },
        Form(testDescription: "a table") { MLflowTests.exchange(columns) } body: {
            #"{"dataframe_split":{"columns":["a","z"],"data":\#(list(#"["a",0]"#, $0))}}"#
        },
        Form(testDescription: "CSV") { MLflowTests.csv(columns) } body: {
            "a,z\n" + String(repeating: "a,0\n", count: $0)
        },
    ]

    @Test("takes 64 MiB at most, whatever a request is written in", arguments: forms)
    func limit(_ form: Form) {
        let exchange = form.exchange()
        #expect(exchange.refusal(form.body(64)).contains("by row 63; at most 67108864 bytes are expected"))
        #expect(exchange.refusal(form.body(63)) == "accepted")
        let last = exchange.inputs[exchange.inputs.count - 1]
        #expect(last.count == (exchange.inputs.count == 1 ? 126 : 63))
    }

    @Test("takes as much as a body may, where that is more")
    func longBodies() throws {
        let request = InferenceRequest(bodyByteLimit: 80 * Self.mebibyte)
        let schema = Self.wholes
        let inputs = schema.inputs.map { TensorBuffer($0.elementType) }
        let codec = PredictCodec(schema: schema)
        try withBody(Array(Self.list(#"{"a":"a"}"#, 79).utf8)) {
            try codec.decode($0, headerByteCount: nil, inputs: inputs, request: request)
        }
        #expect(inputs[1].count == 79)
    }

    @Test("counts what examples have in common, once for each")
    func context() {
        var schema = Self.wholes
        schema.features[1].defaultValue = nil
        let exchange = Exchange(schema, TensorFlowExamplesCodec(.classify, schema: schema))
        let text = String(repeating: "b", count: Self.mebibyte)
        func body(_ count: Int) -> String { #"{"context":{"b":"\#(text)"},"examples":\#(Self.list(#"{"a":"a"}"#, count))}"# }
        #expect(exchange.refusal(body(64)).contains("by row 63; at most 67108864 bytes are expected"))
        #expect(exchange.refusal(body(63)) == "accepted")
    }

    @Test("counts the places of columns that have to be there and are not")
    func missing() {
        var schema = ModelSchema.echo(.string, [nil, 500], isBatchable: true)
        schema.features = (0..<500).map { (column: Int) in
            FeatureSpec(name: "c\(column)", input: 0, column: column, elementType: .string)
        }
        let sentence = MLflowTests.csv(schema).refusal("y,z\n" + String(repeating: "0,0\n", count: 20_000))
        #expect(sentence.hasPrefix("2 problems: Model is missing inputs ['c0', 'c1', "), "\(sentence)")
        #expect(sentence.contains("takes 67112000 bytes by row 8388; at most"), "\(sentence)")
    }
}
