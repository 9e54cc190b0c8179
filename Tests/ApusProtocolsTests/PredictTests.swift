import ApusProtocols
import ApusWire
import Testing

@Suite("Predict")
struct PredictTests {
    /// Named columns of several types in; a label and labelled probabilities out.
    static let tabular = ModelSchema(
        name: "tabular", version: 1,
        inputs: [
            TensorSpec(name: "age", elementType: .float32, shape: [nil, 1]),
            TensorSpec(name: "sex", elementType: .string, shape: [nil, 1]),
            TensorSpec(name: "rooms", elementType: .int64, shape: [nil, 1]),
        ],
        outputs: [
            TensorSpec(name: "label", elementType: .string, shape: [nil]),
            TensorSpec(
                name: "probability", elementType: .float32, shape: [nil, 2], labels: .strings(["lost", "won"])),
        ], isBatchable: true, maxBatchRowCount: 64)

    static func exchange(_ schema: ModelSchema) -> Exchange { Exchange(schema, PredictCodec(schema: schema)) }

    static var tabularAnswer: [Tensor] { [
        Tensor([2], strings: [Array("won".utf8), Array("lost".utf8)]),
        Tensor(.float32, [2, 2], [Float(0.25), 0.75, 1, 0]),
    ] }

    @Test("an object of features is answered by an object of outputs")
    func object() throws {
        let exchange = Self.exchange(Self.tabular)
        try exchange.decode(#"{"sex":"f","age":35,"rooms":3}"#)
        #expect(exchange.elements(0, Float.self) == [35])
        #expect(exchange.strings(1) == ["f"])
        #expect(exchange.elements(2, Int64.self) == [3])
        #expect(exchange.request.inputShapes == [Shape([1, 1]), Shape([1, 1]), Shape([1, 1])])
        #expect(exchange.request.rowCount == 1)
        #expect(
            try exchange.answer(Self.tabularAnswer, rows: 1..<2)
                == #"{"label":"lost","probability":{"lost":1.0,"won":0.0}}"#)
    }

    @Test("a list of objects is answered by a list", arguments: [
        #"[{"age":1,"sex":"f","rooms":3},{"rooms":4,"sex":"m","age":null}]"#,
        #"{"data":[[1,"f",3],[null,"m",4]]}"#,
    ])
    func list(_ body: String) throws {
        let exchange = Self.exchange(Self.tabular)
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self)[0] == 1)
        #expect(exchange.elements(0, Float.self)[1].isNaN)
        #expect(exchange.strings(1) == ["f", "m"])
        #expect(exchange.request.rowCount == 2)
        #expect(exchange.request.inputShapes[1] == Shape([2, 1]))
        #expect(
            try exchange.answer(Self.tabularAnswer)
                == #"[{"label":"won","probability":{"lost":0.25,"won":0.75}},"#
                + #"{"label":"lost","probability":{"lost":1.0,"won":0.0}}]"#)
    }

    @Test("a matrix model takes its row by the input's name, and rows as data", arguments: [
        #"{"X":[1,2,3,4]}"#, #"[{"X":[1,2,3,4]}]"#, #"{"data":[[1,2,3,4]]}"#,
    ])
    func matrix(_ body: String) throws {
        let exchange = Self.exchange(.iris)
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self) == [1, 2, 3, 4])
        #expect(exchange.request.inputShapes == [Shape([1, 4])])
        let answer = try exchange.answer([
            Tensor(.int64, [1], [Int64(2)]), Tensor(.float32, [1, 3], [Float(0), 0.5, 0.5]),
        ])
        let object = #"{"label":2,"probabilities":[0.0,0.5,0.5]}"#
        #expect(answer == (body.hasPrefix(#"{"X""#) ? object : "[\(object)]"))
    }

    @Test("dimensions that the model leaves open are as long as the first row makes them")
    func openDimensions() throws {
        let exchange = Self.exchange(.echo(.float32, [nil, nil, 2], isBatchable: true))
        try exchange.decode(#"[{"in":[[1,2],[3,4],[5,6]]},{"in":[[1,2],[3,4],[5,6]]}]"#)
        #expect(exchange.request.inputShapes == [Shape([2, 3, 2])])
        let answer = try exchange.answer([Tensor(.float32, [2, 1, 2], [Float(1), 2, 3, 4])])
        #expect(answer == #"[{"out":[[1.0,2.0]]},{"out":[[3.0,4.0]]}]"#)
        #expect(
            exchange.refusal(#"[{"in":[[1,2],[3,4]]},{"in":[[1,2]]}]"#)
                == "unexpected shape for input 'in' for model 'echo'. "
                + "Expected [2,2] as in the first row, got [1,2] in record 1.")
    }

    @Test("a model without rows takes and gives whole tensors")
    func whole() throws {
        let schema = ModelSchema(
            name: "scale", version: 1,
            inputs: [
                TensorSpec(name: "matrix", elementType: .float64, shape: [nil, 2]),
                TensorSpec(name: "factor", elementType: .float64, shape: []),
            ], outputs: [TensorSpec(name: "scaled", elementType: .float64, shape: [nil, 2])],
            isBatchable: false, maxBatchRowCount: 1)
        let exchange = Self.exchange(schema)
        try exchange.decode(#"{"matrix":[[1,2],[3,4]],"factor":0.1}"#)
        #expect(exchange.request.inputShapes == [Shape([2, 2]), Shape()])
        #expect(
            try exchange.answer([Tensor(.float64, [2, 2], [0.1, 0.2, 0.3, 0.4])])
                == #"{"scaled":[[0.1,0.2],[0.3,0.4]]}"#)
        #expect(
            exchange.refusal(#"[{"matrix":[[1,2]],"factor":1}]"#)
                == "model 'scale' has inputs without common rows; one object of whole tensors is expected")
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let body: String, sentence: String
    }

    @Test("a body that does not fit is refused by a sentence that says what would", arguments: [
        Refusal(
            testDescription: "a feature missing", body: #"{"age":1,"rooms":2}"#,
            sentence: "the object lacks 'sex'; model 'tabular' takes 'age', 'sex', 'rooms'"),
        Refusal(
            testDescription: "features missing in a list", body: #"[{"age":1,"sex":"f","rooms":2},{"age":1}]"#,
            sentence: "record 1 lacks 'sex', 'rooms'; model 'tabular' takes 'age', 'sex', 'rooms'"),
        Refusal(
            testDescription: "an unknown feature", body: #"{"age":1,"sax":"f","rooms":2}"#,
            sentence: "2 problems: the object has the unknown feature 'sax'; model 'tabular' takes 'age', 'sex', 'rooms'; "
                + "the object lacks 'sex'; model 'tabular' takes 'age', 'sex', 'rooms'"),
        Refusal(
            testDescription: "a feature twice", body: #"{"age":1,"age":1,"sex":"f","rooms":2}"#,
            sentence: "input 'age' is given twice; once is expected"),
        Refusal(
            testDescription: "a string for a number", body: #"{"age":"5","sex":"f","rooms":2}"#,
            sentence: "input 'age' has a string where a number (FP32) is expected"),
        Refusal(
            testDescription: "a fraction for an integer, in a list", body: #"[{"age":1,"sex":"f","rooms":1.7}]"#,
            sentence: "input 'rooms' has a number with a fraction or out of range in record 0 where "
                + "an integer of 64 bits (INT64) is expected"),
        Refusal(
            testDescription: "every fault of every record", body: #"[{"age":"x","sex":1},{"rooms":1.5,"sex":"f"}]"#,
            sentence: "5 problems: input 'age' has a string in record 0 where a number (FP32) is expected; "
                + "input 'sex' has an integer in record 0 where a string (BYTES) is expected; "
                + "record 0 lacks 'rooms'; model 'tabular' takes 'age', 'sex', 'rooms'; "
                + "input 'rooms' has a number with a fraction or out of range in record 1 where an integer of 64 bits "
                + "(INT64) is expected; record 1 lacks 'age'; model 'tabular' takes 'age', 'sex', 'rooms'"),
        Refusal(
            testDescription: "null for a string", body: #"{"data":[[1,null,3]]}"#,
            sentence: "input 'sex' has null in row 0 where a string (BYTES) is expected"),
        Refusal(
            testDescription: "a row too short", body: #"{"data":[[1,"f",3],[1,"f"]]}"#,
            sentence: "row 1 of 'data' has 2 values; 3 are expected: 'age', 'sex', 'rooms'"),
        Refusal(
            testDescription: "a row that is no list", body: #"{"data":[1]}"#,
            sentence: "row 0 of 'data' is an integer; a list of values is expected"),
        Refusal(
            testDescription: "no row", body: "[]", sentence: "the list is empty; at least one object is expected"),
        Refusal(
            testDescription: "a list of lists", body: "[[1,2]]",
            sentence: "record 0 is a list; an object of features is expected"),
        Refusal(
            testDescription: "a bare number", body: "5",
            sentence: "the body is an integer; an object of features, a list of such objects or "
                + "{\"data\":[[…],…]} is expected"),
        Refusal(
            testDescription: "a list of two for one value", body: #"{"age":[1,2],"sex":"f","rooms":2}"#,
            sentence: "input 'age' has 2 elements; its shape needs 1"),
    ])
    func refuses(_ row: Refusal) {
        let exchange = Self.exchange(Self.tabular)
        #expect(exchange.refusal(row.body) == row.sentence)
        #expect(exchange.inputs.allSatisfy { $0.count == 0 })
    }

    @Test("a matrix row of another length is refused with both lengths")
    func rowLength() {
        let exchange = Self.exchange(.iris)
        #expect(exchange.refusal(#"{"X":[1,2,3]}"#) == "input 'X' has 3 elements; its shape needs 4")
        #expect(
            exchange.refusal(#"{"X":5}"#)
                == "input 'X' has an integer where a list of shape [4] for each row is expected")
        #expect(
            exchange.refusal(#"{"X":[1,2,3,"4"]}"#)
                == "input 'X' has a string at element 3 where a number (FP32) is expected")
    }
}
