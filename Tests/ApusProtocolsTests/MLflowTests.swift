import ApusProtocols
import ApusWire
import Testing

@Suite("MLflow")
struct MLflowTests {
    static func exchange(_ schema: ModelSchema) -> Exchange { Exchange(schema, MLflowCodec(schema: schema)) }

    static func csv(_ schema: ModelSchema) -> Exchange { Exchange(schema, MLflowCSVCodec(schema: schema)) }

    /// Iris whose columns have names, of which the last may be missing.
    static var named: ModelSchema {
        var schema = ModelSchema.iris
        schema.features = ["a", "b", "c", "d"].enumerated().map { column, name in
            FeatureSpec(name: name, input: 0, column: column, elementType: .float32)
        }
        schema.features[3].isRequired = false
        schema.features[3].defaultValue = .number(0.5)
        return schema
    }

    static let values: [Float] = [5, 3.5, 1, 0.25, 6, 3, 4, 1]

    @Test("the four forms give the same tensor", arguments: [
        #"{"dataframe_split":{"columns":["p","q","r","s"],"index":[7,"x"],"data":[[5,3.5,1,0.25],[6,3,4,1]]}}"#,
        #"{"dataframe_split":{"data":[[5,3.5,1,0.25],[6,3,4,1]]},"params":{"any":1}}"#,
        #"{"dataframe_records":[{"p":5,"q":3.5,"r":1,"s":0.25},{"s":1,"r":4,"q":3,"p":6}]}"#,
        #"{"instances":[[5,3.5,1,0.25],[6,3,4,1]]}"#, #"{"instances":[{"X":[5,3.5,1,0.25]},{"X":[6,3,4,1]}]}"#,
        #"{"inputs":[[5,3.5,1,0.25],[6,3,4,1]]}"#, #"{"inputs":{"X":[[5,3.5,1,0.25],[6,3,4,1]]},"other":0}"#,
    ])
    func forms(_ body: String) throws {
        let exchange = Self.exchange(.iris)
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self) == Self.values)
        #expect(exchange.request.inputShapes == [Shape([2, 4])])
        #expect(exchange.request.rowCount == 2)
    }

    @Test("columns with names are taken by name, others are passed over, and one that may be missing has its default", arguments: [
        #"{"dataframe_split":{"columns":["z","c","a","b"],"data":[["x",1,5,3.5],["y",4,6,3]]}}"#,
        #"{"dataframe_records":[{"z":0,"c":1,"a":5,"b":3.5},{"a":6,"b":3,"c":4,"z":{}}]}"#,
    ])
    func byName(_ body: String) throws {
        let exchange = Self.exchange(Self.named)
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self) == [5, 3.5, 1, 0.5, 6, 3, 4, 0.5])
    }

    @Test("a model of several inputs takes a table by their names")
    func severalInputs() throws {
        let exchange = Self.exchange(PredictTests.tabular)
        try exchange.decode(
            #"{"dataframe_split":{"columns":["rooms","sex","age"],"data":[[3,"f",1],[4,"m",NaN]]}}"#)
        #expect(exchange.strings(1) == ["f", "m"])
        #expect(exchange.elements(2, Int64.self) == [3, 4])
        #expect(exchange.request.inputShapes == Array(repeating: Shape([2, 1]), count: 3))
        try exchange.decode(#"{"inputs":{"rooms":[[3]],"sex":["f"],"age":[1]}}"#)
        #expect(exchange.request.rowCount == 1)
    }

    // MARK: Answers

    static let tabularAnswer =
        #"[{"label":"won","probability":{"lost":0.25,"won":0.75}},{"label":"lost","probability":{"lost":1.0,"won":0.0}}]"#

    @Test("a table is answered by records, other forms by an object, labelled scores by maps")
    func answers() throws {
        let exchange = Self.exchange(PredictTests.tabular)
        try exchange.decode(#"{"dataframe_split":{"data":[[1,"f",3],[2,"m",4]]}}"#)
        #expect(try exchange.answer(PredictTests.tabularAnswer) == "{\"predictions\":\(Self.tabularAnswer)}")
        try exchange.decode(#"{"inputs":{"rooms":[3,4],"sex":["f","m"],"age":[1,2]}}"#)
        #expect(
            try exchange.answer(PredictTests.tabularAnswer)
                == #"{"predictions":{"label":["won","lost"],"#
                + #""probability":[{"lost":0.25,"won":0.75},{"lost":1.0,"won":0.0}]}}"#)
    }

    @Test("one output of several numbers is laid flat as MLflow does, outputs of different length are not")
    func flat() throws {
        let one = Self.exchange(.echo(.float32, [nil, 2], isBatchable: true))
        try one.decode(#"{"dataframe_split":{"data":[[1,2],[3,4]]}}"#)
        let answer = Tensor(.float32, [2, 2], [Float(1), 2, 3, .nan])
        #expect(
            try one.answer([answer]) == #"{"predictions":[{"out":1.0},{"out":2.0},{"out":3.0},{"out":null}]}"#)
        let two = Self.exchange(.iris)
        try two.decode(#"{"dataframe_split":{"data":[[5,3.5,1,0.25]]}}"#)
        let outputs = [Tensor(.int64, [1], [Int64(2)]), Tensor(.float32, [1, 3], [Float(0), 0.5, 0.5])]
        #expect(
            try two.answer(outputs) == #"{"predictions":[{"label":2,"probabilities":[0.0,0.5,0.5]}]}"#)
    }

    // MARK: Refusals

    struct Refused: CustomTestStringConvertible, Sendable {
        let body: String
        let part: String
        var schema = ModelSchema.iris

        var testDescription: String { String(body.prefix(100)) }
    }

    @Test("what is not a request is refused, and the sentence says why", arguments: [
        Refused(body: "[]", part: "The body is a list"), Refused(body: "{}", part: "None of the forms is there"),
        Refused(body: #"{"inputs":[],"instances":[]}"#, part: "More than one form is given"),
        Refused(body: #"{"inputs":[[1,2,3,4]],"params":[]}"#, part: "'params' is a list; an object is expected"),
        Refused(body: #"{"inputs":[[1,2,3,4]],"params":{},"params":{}}"#, part: "'params' is given twice"),
        Refused(body: #"{"dataframe_split":[]}"#, part: "Dataframe split format must be a dictionary. Got a list."),
        Refused(body: #"{"dataframe_split":{"columns":[]}}"#, part: "must have 'data' field"),
        Refused(body: #"{"dataframe_split":{"data":[],"more":1}}"#, part: "'index' fields, each once, and no other"),
        Refused(body: #"{"dataframe_split":{"data":[]}}"#, part: "without rows; at least one is expected"),
        Refused(
            body: #"{"dataframe_split":{"data":[[1,2,3,4],[1,2,3]]}}"#,
            part: "Row 1 of 'data' is a list of 3; a list of 4 values is expected"),
        Refused(
            body: #"{"dataframe_split":{"index":[1],"data":[[1,2,3,4],[1,2,3,4]]}}"#,
            part: "'index' is not a list of one label for each of the rows"),
        Refused(
            body: #"{"dataframe_split":{"columns":["a","b","c"],"data":[[1,2,3]]}}"#,
            part: "the table has 3 columns; model 'iris' takes 4"),
        Refused(
            body: #"{"dataframe_split":{"columns":["a","c","d"],"data":[[1,2,3]]}}"#,
            part: "Model is missing inputs ['b']", schema: named),
        Refused(
            body: #"{"dataframe_split":{"columns":["a","b","c","a"],"data":[[1,2,3,4]]}}"#,
            part: "column 'a' is given twice; once is expected", schema: named),
        Refused(body: #"{"dataframe_records":{}}"#, part: "must be a list of records. Got an object."),
        Refused(body: #"{"dataframe_records":[]}"#, part: "without rows"),
        Refused(
            body: #"{"dataframe_records":[{"p":1,"q":2,"p":3,"s":4}]}"#,
            part: "Record 0 has the column 'p' twice; once is expected"),
        Refused(
            body: #"{"dataframe_records":[{\#(String(repeating: #""z":1,"#, count: 60_000))"a":1}]}"#,
            part: "Record 0 has the column 'z' twice; once is expected", schema: named),
        Refused(
            body: #"{"dataframe_records":[{"p":1,"q":2,"r":3,"s":4},{"p":1,"q":2,"r":3}]}"#,
            part: "Record 1 has 3 columns, the first one 4"),
        Refused(
            body: #"{"dataframe_records":[{"p":1,"q":2,"r":3,"s":4},{"p":1,"q":2,"r":3,"t":4}]}"#,
            part: "Record 1 has a column twice, or one that the first record does not have"),
        Refused(
            body: #"{"dataframe_split":{"data":[[1,2,3,4],[1,2,3,"4"]]}}"#,
            part: "input 'X' has a string in row 1 where a number (FP32) is expected"),
        Refused(
            body: #"{"dataframe_split":{"data":[[1,"f",3],[1,"f",1.7]]}}"#,
            part: "input 'rooms' has a number with a fraction or out of range in row 1", schema: PredictTests.tabular),
        Refused(
            body: #"{"inputs":[[1,2,3,4]],"signature_name":"serving_default"}"#,
            part: "'signature_name' is not supported here"),
        Refused(body: #"{"instances":{}}"#, part: "'instances' is an object; a list of rows is expected"),
        Refused(body: #"{"inputs":{"Y":[[1,2,3,4]]}}"#, part: "unexpected inference input 'Y'"),
    ])
    func refuses(_ row: Refused) {
        let sentence = Self.exchange(row.schema).refusal(row.body)
        #expect(sentence.contains(row.part), "\(sentence)")
    }

    @Test("a parameter of the signature has to be of its type; others are dropped", arguments: [
        (#"{"t":0.5,"other":{}}"#, "accepted"), (#"{"t":1}"#, "accepted"), (#"{"names":["a"]}"#, "accepted"),
        (#"{"t":"0.5"}"#, "Invalid input. Parameter 't' is a string; FP64 is expected"),
        (#"{"names":"a"}"#, "Invalid input. Parameter 'names' is a string; a list of BYTES is expected"),
    ])
    func parameters(_ row: (text: String, outcome: String)) {
        var schema = ModelSchema.iris
        schema.parameters = [
            ParameterSpec(name: "t", elementType: .float64, isList: false, defaultText: "0.1"),
            ParameterSpec(name: "names", elementType: .string, isList: true, defaultText: "null"),
        ]
        let body = #"{"inputs":[[1,2,3,4]],"params":\#(row.text)}"#
        #expect(Self.exchange(schema).refusal(body) == row.outcome)
    }

    // MARK: CSV

    @Test("CSV gives the same tensor, however its lines end and its fields are quoted", arguments: [
        "p,q,r,s\n5,3.5,1,0.25\n6,3,4,1\n", "p,q,r,s\r\n5,3.5,1,0.25\r\n6,3,4,1", "\u{FEFF}p,q,r,s\n5,3.5,1,0.25\n\n6,3,4,1\n",
        "\"p\",\"q, too\",\"r\"\"\",s\n\"5\",+3.5,1e0,.25\n 6 ,3.0,4,1",
    ])
    func csv(_ body: String) throws {
        let exchange = Self.csv(.iris)
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self) == Self.values)
        #expect(exchange.request.inputShapes == [Shape([2, 4])])
    }

    @Test("CSV has columns of several types by name, and texts as they are")
    func csvColumns() throws {
        let exchange = Self.csv(PredictTests.tabular)
        try exchange.decode("id,rooms,sex,age\n1,3,\"f, or \"\"m\"\"\n\",\n2,4.0,,nan\n")
        #expect(exchange.strings(1) == ["f, or \"m\"\n", ""])
        #expect(exchange.elements(2, Int64.self) == [3, 4])
        #expect(exchange.elements(0, Float.self).allSatisfy { $0.isNaN })
        #expect(exchange.request.inputShapes == Array(repeating: Shape([2, 1]), count: 3))
        #expect(try exchange.answer(PredictTests.tabularAnswer) == "{\"predictions\":\(Self.tabularAnswer)}")
    }

    @Test("what is not the model's CSV is refused, and the sentence says where", arguments: [
        Refused(body: "", part: "The CSV is empty"), Refused(body: "\n\n", part: "The CSV is empty"),
        Refused(body: "a,b,c,d\n", part: "a header and no rows"),
        Refused(body: "a,b,c\n1,2,3\n", part: "the table has 3 columns; model 'iris' takes 4"),
        Refused(body: "a,b,c,d\n1,2,3\n", part: "CSV record 2 has 3 fields, its header 4"),
        Refused(body: "a,b,c,d\n1,2,3,4,5\n", part: "CSV record 2 has 5 fields, its header 4"),
        Refused(body: "a,b,c,d\n1,2,3,\"4\n", part: "CSV record 2 has a quotation mark that is not closed"),
        Refused(body: "a,b,c,d\n1,2,3,\"4\"5\n", part: "CSV record 2 has something behind a closing quotation mark"),
        Refused(body: "a,b,c,d\n1,2,3,4\"\n", part: "CSV record 2 has a quotation mark inside a field"),
        Refused(body: "a,b,c,d\n1,2,3,x\n", part: "input 'X' has a string in row 0 where a number (FP32) is expected"),
        Refused(body: "a,b,c,d\n1,2,3,1e400\n", part: "out of range in row 0"),
        Refused(body: "a,b,c,d\n1,2,3,nan(1)\n", part: "input 'X' has a string in row 0"),
        Refused(body: "age,sex\n1,f\n", part: "Model is missing inputs ['rooms']", schema: PredictTests.tabular),
        Refused(body: "age,sex,rooms\n1,f,1.7\n", part: "a number with a fraction or out of range in row 0", schema: PredictTests.tabular),
        Refused(body: "age,sex,rooms\n1,f,\n", part: "input 'rooms' has nothing in row 0", schema: PredictTests.tabular),
        Refused(body: "in\n1\n", part: "does not take rows of single values", schema: .echo(.float32, [])),
    ])
    func csvRefused(_ row: Refused) {
        let sentence = Self.csv(row.schema).refusal(row.body)
        #expect(sentence.contains(row.part), "\(sentence)")
    }

    /// A table of so many columns in each form, with one row of zeros.
    static func wide(_ count: Int) -> [(exchange: (ModelSchema) -> Exchange, body: String)] {
        let names = (0..<count).map { "c\($0)" }
        let quoted = names.map { "\"\($0)\"" }.joined(separator: ",")
        let zeros = String(repeating: "0,", count: count - 1) + "0"
        let members = names.map { "\"\($0)\":0" }.joined(separator: ",")
        return [
            (exchange, #"{"dataframe_split":{"columns":[\#(quoted)],"data":[[\#(zeros)]]}}"#),
            (exchange, #"{"dataframe_split":{"data":[[\#(zeros)]]}}"#),
            (exchange, #"{"dataframe_records":[{\#(members)}]}"#),
            (csv, names.joined(separator: ",") + "\n" + zeros + "\n"),
        ]
    }

    @Test("a table may have 65536 columns beside the model's, and a model that leaves the number open so many")
    func columnLimit() {
        for (exchange, body) in Self.wide(65_536) {
            #expect(exchange(.echo(.float32, [nil, nil], isBatchable: true)).refusal(body) == "accepted")
        }
        for (exchange, body) in Self.wide(65_541) {
            let sentence = exchange(Self.named).refusal(body)
            #expect(
                sentence == "Invalid input. The table has 65541 columns; at most 65540 are expected for model 'iris'"
                    || sentence == "CSV record 1 has more than 65540 fields; at most so many are expected", "\(sentence)")
        }
        #expect(
            Self.csv(.iris).refusal("a,b,c,d\n1,2,3" + String(repeating: ",", count: 100_000))
                == "CSV record 2 has more than 65540 fields; at most so many are expected")
    }

    @Test("bytes that are not UTF-8 are refused")
    func notUTF8() {
        #expect(throws: InferenceError.self) {
            try Self.csv(.iris).decode(Array("a,b,c,d\n1,2,3,".utf8) + [0xFF])
        }
    }

    @Test("numbers of every type are read from text without loss", arguments: [
        (ElementType.int8, "127", true), (.int8, "128", false), (.uint8, "-1", false), (.uint8, "255.0", true),
        (.int64, "9223372036854775807", true), (.int64, "9223372036854775808", false), (.int64, "1e3", true),
        (.uint64, "18446744073709551615", true), (.int32, "", false), (.int32, "0.5", false),
        (.bool, "true", true), (.bool, "False", true), (.bool, "2", false), (.bool, "", false),
        (.float16, "65504", true), (.float16, "1e6", false), (.float32, "1e39", false), (.float32, "inf", true),
        (.float64, "-Infinity", true), (.float64, "0x10", false), (.float64, "+-1", false), (.bfloat16, "1.5", true),
    ])
    func numbers(_ row: (type: ElementType, text: String, isTaken: Bool)) {
        let outcome = Self.csv(.echo(row.type)).refusal("in\n\"\(row.text)\"\n")
        #expect((outcome == "accepted") == row.isTaken, "\(outcome)")
    }
}
