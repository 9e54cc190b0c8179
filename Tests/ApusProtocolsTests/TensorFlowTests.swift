import ApusProtocols
import ApusWire
import Testing

@Suite("TensorFlow Serving")
struct TensorFlowTests {
    static func exchange(_ schema: ModelSchema, nonfinite: NonfinitePolicy = .token) -> Exchange {
        Exchange(schema, TensorFlowCodec(schema: schema, nonfinite: nonfinite))
    }

    static let twoRows: [Float] = [5.1, 3.5, 1.4, 0.2, 5.1, 3.5, 1.4, 0.2]

    static var irisAnswer: [Tensor] { [
        Tensor(.int64, [2], [Int64(0), 2]), Tensor(.float32, [2, 3], [Float(0.9), 0.2, 0, 1, .nan, .infinity]),
    ] }

    @Test("rows are answered by rows", arguments: [
        #"{"instances":[[5.1,3.5,1.4,0.2],[5.1,3.5,1.4,0.2]]}"#,
        #"{"signature_name":"serving_default","instances":[{"X":[5.1,3.5,1.4,0.2]},{"X":[5.1,3.5,1.4,0.2]}]}"#,
        #"{"instances":[[5.1,3.5,1.4,0.2],[5.1,3.5,1.4,0.2]],"parameters":{"any":1}}"#,
    ])
    func rows(_ body: String) throws {
        let exchange = Self.exchange(.iris)
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self) == Self.twoRows)
        #expect(exchange.request.inputShapes == [Shape([2, 4])])
        #expect(exchange.request.rowCount == 2)
        #expect(
            try exchange.answer(Self.irisAnswer)
                == #"{"predictions":[{"label":0,"probabilities":[0.9,0.2,0.0]},"#
                + #"{"label":2,"probabilities":[1.0,NaN,Infinity]}]}"#)
    }

    @Test("columns are answered by columns", arguments: [
        #"{"inputs":[[5.1,3.5,1.4,0.2],[5.1,3.5,1.4,0.2]]}"#,
        #"{"inputs":{"X":[[5.1,3.5,1.4,0.2],[5.1,3.5,1.4,0.2]]}}"#,
    ])
    func columns(_ body: String) throws {
        let exchange = Self.exchange(.iris)
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self) == Self.twoRows)
        #expect(exchange.request.rowCount == 2)
        #expect(
            try exchange.answer(Self.irisAnswer)
                == #"{"outputs":{"label":[0,2],"probabilities":[[0.9,0.2,0.0],[1.0,NaN,Infinity]]}}"#)
    }

    @Test("the one output of a model stands bare")
    func oneOutput() throws {
        let exchange = Self.exchange(.echo(.float32, [nil, 2], isBatchable: true))
        try exchange.decode(#"{"instances":[[1,2],[3,4]]}"#)
        let answer = Tensor(.float32, [4, 2], (0..<8).map(Float.init))
        #expect(try exchange.answer([answer], rows: 1..<3) == #"{"predictions":[[2.0,3.0],[4.0,5.0]]}"#)
        try exchange.decode(#"{"inputs":[[1,2],[3,4]]}"#)
        #expect(try exchange.answer([answer], rows: 1..<3) == #"{"outputs":[[2.0,3.0],[4.0,5.0]]}"#)
    }

    @Test("a model of named columns takes them by row and by column, with or without their dimension of 1", arguments: [
        #"{"instances":[{"age":1,"sex":"f","rooms":3},{"rooms":4,"sex":"m","age":NaN}]}"#,
        #"{"instances":[{"age":[1],"sex":["f"],"rooms":[3]},{"rooms":[4],"sex":["m"],"age":[NaN]}]}"#,
        #"{"inputs":{"age":[1,NaN],"sex":["f",{"b64":"bQ=="}],"rooms":[3,4]}}"#,
        #"{"inputs":{"sex":[[{"b64":"Zg"}],["m"]],"age":[[1],[null]],"rooms":[[3],[4]]}}"#,
    ])
    func namedColumns(_ body: String) throws {
        let exchange = Self.exchange(PredictTests.tabular)
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self)[0] == 1)
        #expect(exchange.elements(0, Float.self)[1].isNaN)
        #expect(exchange.strings(1) == ["f", "m"])
        #expect(exchange.elements(2, Int64.self) == [3, 4])
        #expect(exchange.request.inputShapes[1] == Shape([2, 1]))
    }

    @Test("lists that lack the model's dimensions of 1 at the end are taken", arguments: [
        ([nil, 4, 1], "[[1,2,3,4],[5,6,7,8]]", [2, 4, 1]), ([nil, 4, 1], "[[[1],[2],[3],[4]],[[5],[6],[7],[8]]]", [2, 4, 1]),
        ([nil, 2, 2, 1, 1], "[[[1,2],[3,4]],[[5,6],[7,8]]]", [2, 2, 2, 1, 1]),
        ([nil, nil, 1], "[[1,2],[3,4],[5,6],[7,8]]", [4, 2, 1]),
    ] as [([Int?], String, [Int])])
    func lackedDimensions(_ row: (shape: [Int?], data: String, found: [Int])) throws {
        for key in ["inputs", "instances"] {
            let exchange = Self.exchange(.echo(.float32, row.shape))
            try exchange.decode("{\"\(key)\":\(row.data)}")
            #expect(exchange.elements(0, Float.self) == (1...8).map(Float.init))
            #expect(exchange.request.inputShapes == [Shape(row.found)])
        }
    }

    @Test("texts in such lists may be base64, and a wrong element is told by its place")
    func lackedDimensionsByLeaf() throws {
        let exchange = Self.exchange(.echo(.string, [nil, 2, 1]))
        try exchange.decode(#"{"inputs":[["a",{"b64":"Yg"}],["c","d"]]}"#)
        #expect(exchange.strings(0) == ["a", "b", "c", "d"])
        #expect(
            Self.exchange(.echo(.float32, [nil, 2, 1])).refusal(#"{"inputs":[[1,2],[3,"4"]]}"#)
                == "input 'in' has a string at element 3 where a number (FP32) is expected")
        #expect(
            Self.exchange(.echo(.float32, [nil, 2, 1])).refusal(#"{"inputs":[[1,2],[3]]}"#)
                == "data of input 'in' is not nested as its shape [2,2] says: a list of 2 is expected at level 2")
    }

    @Test("strings come as base64, and go so when the output's name says _bytes", arguments: [
        (#"{"instances":["plain",{"b64":"AAH/"}]}"#, #"{"predictions":[{"b64":"cGxhaW4="},{"b64":"AAH/"}]}"#),
        (#"{"inputs":["plain",{"b64":"AAH/"}]}"#, #"{"outputs":[{"b64":"cGxhaW4="},{"b64":"AAH/"}]}"#),
        (#"{"instances":[{"in":"plain"},{"in":{"b64":"AAH/"}}]}"#, #"{"predictions":[{"b64":"cGxhaW4="},{"b64":"AAH/"}]}"#),
    ])
    func base64(_ row: (body: String, answer: String)) throws {
        var schema = ModelSchema.echo(.string, [nil], isBatchable: true)
        schema.outputs[0].name = "out_bytes"
        let exchange = Self.exchange(schema)
        try exchange.decode(row.body)
        let strings = [Array("plain".utf8), [0, 1, 255]]
        #expect((0..<2).map { Array(exchange.inputs[0].string($0)) } == strings)
        #expect(try exchange.answer([Tensor([2], strings: strings)]) == row.answer)
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let body: String
        let sentence: String
        var schema = ModelSchema.iris

        var testDescription: String { body }
    }

    @Test("what is not a request is refused, and the sentence says why", arguments: [
        Refused(body: "{}", sentence: "Missing 'inputs' or 'instances' key"),
        Refused(body: "[]", sentence: "the body is a list; an object is expected"),
        Refused(
            body: #"{"inputs":[],"instances":[]}"#,
            sentence: "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"),
        Refused(body: #"{"instances":{}}"#, sentence: "Excepting 'instances' to be an list/array"),
        Refused(body: #"{"instances":[]}"#, sentence: "No values in 'instances' array"),
        Refused(
            body: #"{"instances":[[1,2,3,4]],"instances":[]}"#,
            sentence: "'instances' is given twice; once is expected"),
        Refused(
            body: #"{"signature_name":"other","instances":[[1,2,3,4]]}"#,
            sentence: #"Serving signature name: "other" not found in signature def; it has "serving_default""#),
        Refused(
            body: #"{"instances":[1,2,3,4]}"#,
            sentence: "unexpected shape for input 'X' for model 'iris'. Expected [-1,4], got [4]."),
        Refused(
            body: #"{"instances":[[1,2,3,4],[1,2,3]]}"#,
            sentence: "data of input 'X' is not nested as its shape [2,4] says: a list of 4 is expected at level 2"),
        Refused(
            body: #"{"instances":[[1,2,3,"4"]]}"#,
            sentence: "input 'X' has a string at element 3 where a number (FP32) is expected"),
        Refused(
            body: #"{"instances":[{"X":[1,2,3,4]},[1,2,3,4]]}"#,
            sentence: "record 1 is a list; an object of features is expected"),
        Refused(
            body: #"{"inputs":{"Y":[[1,2,3,4]]}}"#,
            sentence: "2 problems: unexpected inference input 'Y' for model 'iris'; it takes 'X'; "
                + "input 'X' is missing; model 'iris' needs it"),
        Refused(body: #"{"inputs":{}}"#, sentence: "input 'X' is missing; model 'iris' needs it"),
        Refused(
            body: #"{"inputs":7}"#,
            sentence: "input 'X' has an integer where a list of shape [-1,4] is expected"),
        Refused(
            body: #"{"inputs":[1]}"#,
            sentence: "inputs is a plain value/list, but expecting an object: model 'tabular' takes "
                + "'age', 'sex', 'rooms'",
            schema: PredictTests.tabular),
        Refused(
            body: #"{"inputs":{"age":[1,2],"sex":["f"],"rooms":[1]}}"#,
            sentence: "2 problems: input 'sex' batch size does not match other inputs for 'tabular': "
                + "expected 2, got 1; "
                + "input 'rooms' batch size does not match other inputs for 'tabular': expected 2, got 1",
            schema: PredictTests.tabular),
        Refused(
            body: #"{"inputs":{"age":[1],"sex":[{"b64":"?"}],"rooms":[1]}}"#,
            sentence: "input 'sex' has a 'b64' that is not base64 (RFC 4648)", schema: PredictTests.tabular),
        Refused(
            body: #"{"inputs":{"age":[1],"sex":[{"b65":""}],"rooms":[1]}}"#,
            sentence: #"input 'sex' has an object at element 0 where a string or {"b64":"…"} (BYTES) is expected"#,
            schema: PredictTests.tabular),
    ])
    func refuses(_ row: Refused) { #expect(Self.exchange(row.schema).refusal(row.body) == row.sentence) }

    @Test("an output without a row for each instance is asked for by columns")
    func noRows() throws {
        let exchange = Self.exchange(.echo(.float32, [nil]))
        try exchange.decode(#"{"instances":[1,2]}"#)
        #expect(throws: InferenceError.self) { try exchange.answer([Tensor(.float32, [1], [Float(3)])]) }
        try exchange.decode(#"{"inputs":[1,2]}"#)
        #expect(try exchange.answer([Tensor(.float32, [1], [Float(3)])]) == #"{"outputs":[3.0]}"#)
    }

    // MARK: Examples

    @Test("examples are classified by the labels and scores of the model")
    func classify() throws {
        let schema = PredictTests.tabular
        let exchange = Exchange(schema, TensorFlowExamplesCodec(.classify, schema: schema))
        try exchange.decode(#"{"context":{"sex":"f","age":9},"examples":[{"age":1,"rooms":[3]},{"rooms":4}]}"#)
        #expect(exchange.elements(0, Float.self) == [1, 9])
        #expect(exchange.strings(1) == ["f", "f"])
        #expect(exchange.request.wantedOutputs == [false, true])
        #expect(
            try exchange.answer(PredictTests.tabularAnswer)
                == #"{"results":[[["lost",0.25],["won",0.75]],[["lost",1.0],["won",0.0]]]}"#)
    }

    @Test("a context gives the columns of the only input that an example lacks, or the input", arguments: [
        (#"{"context":{"age":30,"class":1},"examples":[{"fare":2},{"age":31}]}"#, "30.0 1.0 2.0 31.0 1.0 nan"),
        (#"{"context":{"age":30,"class":1},"examples":[{},{"x":[1,2.5,3]}]}"#, "30.0 1.0 nan 1.0 2.5 3.0"),
        (#"{"context":{"x":[1,2.5,3]},"examples":[{},{"age":30,"class":1}]}"#, "1.0 2.5 3.0 30.0 1.0 nan"),
        (#"{"context":{},"examples":[{"age":30,"class":1,"fare":2}]}"#, "30.0 1.0 2.0"),
    ])
    func contextOfColumns(_ row: (body: String, elements: String)) throws {
        let schema = FeatureTests.schema()
        let exchange = Exchange(schema, TensorFlowExamplesCodec(.regress, schema: schema))
        try exchange.decode(row.body)
        #expect(exchange.elements(0, Float.self).map { "\($0)" }.joined(separator: " ") == row.elements)
    }

    @Test("a wrong context is refused once, however many examples there are", arguments: [
        (#"{"age":1,"age":2,"sex":"f","rooms":1}"#, "'context' has the feature 'age' twice; once is expected"),
        (#"{"age":1,"sex":"f","rooms":1,"more":1}"#,
            "'context' has the unknown feature 'more'; model 'tabular' takes 'age', 'sex', 'rooms'"),
        ("[]", "'context' is a list; an object of features is expected"),
    ])
    func wrongContext(_ row: (context: String, sentence: String)) {
        let schema = PredictTests.tabular
        let exchange = Exchange(schema, TensorFlowExamplesCodec(.classify, schema: schema))
        #expect(exchange.refusal(#"{"context":\#(row.context),"examples":[{},{},{}]}"#) == row.sentence)
    }

    @Test("a context that says the same again and again is not read to its end")
    func longContext() {
        let schema = PredictTests.tabular
        let exchange = Exchange(schema, TensorFlowExamplesCodec(.classify, schema: schema))
        let context = Array(repeating: #""age":1"#, count: 20_000).joined(separator: ",")
        let examples = Array(repeating: "{}", count: 20_000).joined(separator: ",")
        let refusal = exchange.refusal(#"{"context":{\#(context)},"examples":[\#(examples)]}"#)
        #expect(refusal.hasPrefix("1000 problems: 'context' has the feature 'age' twice; once is expected; "))
    }

    @Test("classes that the graph does not name have the label that TensorFlow Serving gives them")
    func classifyUnnamed() throws {
        let exchange = Exchange(.iris, TensorFlowExamplesCodec(.classify, schema: .iris))
        try exchange.decode(#"{"examples":[{"X":[5.1,3.5,1.4,0.2]}]}"#)
        let answer = [Tensor(.int64, [1], [Int64(0)]), Tensor(.float32, [1, 3], [Float(0.5), 0.25, 0.25])]
        #expect(try exchange.answer(answer) == #"{"results":[[["",0.5],["",0.25],["",0.25]]]}"#)
    }

    @Test("a regression has one number for each example")
    func regress() throws {
        let schema = ModelSchema.echo(.float32, [nil, 1], isBatchable: true)
        let exchange = Exchange(schema, TensorFlowExamplesCodec(.regress, schema: schema))
        try exchange.decode(#"{"examples":[{"in":1},{"in":[2]}]}"#)
        #expect(try exchange.answer([Tensor(.float32, [2, 1], [Float(7), 8])]) == #"{"results":[7.0,8.0]}"#)
    }

    @Test("what a model cannot do is said", arguments: [
        (#"{"examples":[{"in":1}]}"#, "model 'echo' cannot classify: it has no output that is a list of scores for each row"),
    ])
    func cannot(_ row: (body: String, sentence: String)) {
        let schema = ModelSchema.echo(.float32, [nil, 1], isBatchable: true)
        let exchange = Exchange(schema, TensorFlowExamplesCodec(.classify, schema: schema))
        #expect(exchange.refusal(row.body) == row.sentence)
    }

    @Test("a body without examples is refused", arguments: ["{}", #"{"examples":{}}"#, #"{"examples":[]}"#])
    func noExamples(_ body: String) {
        let exchange = Exchange(.iris, TensorFlowExamplesCodec(.classify, schema: .iris))
        #expect(
            exchange.refusal(body)
                == "'examples' is not there or is no list of examples; at least one is expected")
    }
}
