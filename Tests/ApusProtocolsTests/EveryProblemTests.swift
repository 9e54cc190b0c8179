import ApusProtocols
import ApusWire
import Testing

/// The same wrong request in every form: two values that are not of their type, and two that the schema forbids.
@Suite("everything that is wrong with a request is told at once")
struct EveryProblemTests {
    /// `age` a float, `sex` one of two texts, `rooms` a whole number up to 10.
    static let several: ModelSchema = {
        var schema = PredictTests.tabular
        schema.features[1].categories = [.text("f"), .text("m")]
        schema.features[2].maximum = 10
        return schema
    }()

    /// The same rules for the columns of one matrix of floats.
    static let matrix: ModelSchema = {
        var schema = ModelSchema(
            name: "m", version: 1, inputs: [TensorSpec(name: "x", elementType: .float32, shape: [nil, 3])],
            outputs: [TensorSpec(name: "y", elementType: .float32, shape: [nil, 1])], isBatchable: true,
            maxBatchRowCount: 8)
        schema.features = [
            FeatureSpec(name: "age", input: 0, column: 0, elementType: .float32),
            FeatureSpec(name: "sex", input: 0, column: 1, elementType: .float32),
            FeatureSpec(name: "rooms", input: 0, column: 2, elementType: .int64),
        ]
        schema.features[1].categories = [.integer(0), .integer(1)]
        schema.features[2].maximum = 10
        return schema
    }()

    enum Form: CaseIterable, CustomTestStringConvertible {
        case infer, predictRecords, predictRows, instances, columns, examples
        case split, splitUnnamed, records, mlflowInstances, mlflowInputs, csv

        var testDescription: String { "\(self)" }

        func codec(_ schema: ModelSchema) -> any InferenceCodec {
            switch self {
            case .infer: OpenInferenceCodec(schema: schema)
            case .predictRecords, .predictRows: PredictCodec(schema: schema)
            case .instances, .columns: TensorFlowCodec(schema: schema)
            case .examples: TensorFlowExamplesCodec(.classify, schema: schema)
            case .split, .splitUnnamed, .records, .mlflowInstances, .mlflowInputs: MLflowCodec(schema: schema)
            case .csv: MLflowCSVCodec(schema: schema)
            }
        }

        /// Of a model with three inputs.
        var body: String {
            switch self {
            case .infer:
                """
                {"inputs":[{"name":"age","shape":[2,1],"datatype":"FP32","data":["x",1]},
                {"name":"sex","shape":[2,1],"datatype":"BYTES","data":["f","q"]},
                {"name":"rooms","shape":[2,1],"datatype":"INT64","data":[1.5,99]}]}
                """
            case .predictRecords: "[\(Self.objects)]"
            case .predictRows: #"{"data":[["x","f",1.5],[1,"q",99]]}"#
            case .instances, .mlflowInstances: #"{"instances":[\#(Self.objects)]}"#
            case .examples: #"{"examples":[\#(Self.objects)]}"#
            case .columns, .mlflowInputs: #"{"inputs":{"age":["x",1],"sex":["f","q"],"rooms":[1.5,99]}}"#
            case .split:
                #"{"dataframe_split":{"columns":["rooms","age","sex"],"data":[[1.5,"x","f"],[99,1,"q"]]}}"#
            case .splitUnnamed: #"{"dataframe_split":{"data":[["x","f",1.5],[1,"q",99]]}}"#
            case .records: #"{"dataframe_records":[\#(Self.objects)]}"#
            case .csv: "rooms,sex,age\n1.5,f,x\n99,q,1\n"
            }
        }

        private static let objects = #"{"age":"x","sex":"f","rooms":1.5},{"age":1,"sex":"q","rooms":99}"#

        /// Of a model with one matrix.
        var matrixBody: String? {
            switch self {
            case .infer:
                #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[["x",1,1.5],[1,2,99]]}]}"#
            case .predictRecords: "[\(Self.rows)]"
            case .predictRows: #"{"data":[["x",1,1.5],[1,2,99]]}"#
            case .instances, .mlflowInstances: #"{"instances":[["x",1,1.5],[1,2,99]]}"#
            case .columns: #"{"inputs":{"x":[["x",1,1.5],[1,2,99]]}}"#
            case .mlflowInputs: #"{"inputs":[["x",1,1.5],[1,2,99]]}"#
            case .examples: nil
            case .split:
                #"{"dataframe_split":{"columns":["rooms","age","sex"],"data":[[1.5,"x",1],[99,1,2]]}}"#
            case .splitUnnamed: #"{"dataframe_split":{"data":[["x",1,1.5],[1,2,99]]}}"#
            case .records: #"{"dataframe_records":[\#(Self.rows)]}"#
            case .csv: "rooms,sex,age\n1.5,1,x\n99,2,1\n"
            }
        }

        private static let rows = #"{"age":"x","sex":1,"rooms":1.5},{"age":1,"sex":2,"rooms":99}"#
    }

    @Test("of a model of several inputs, in every form", arguments: Form.allCases)
    func ofInputs(_ form: Form) {
        let sentence = Exchange(Self.several, form.codec(Self.several)).refusal(form.body)
        #expect(sentence.hasPrefix("4 problems: "), "\(sentence)")
        for part in [
            #"input 'age' has a string "#, "where a number (FP32) is expected",
            #"input 'rooms' has a number with a fraction or out of range "#, "an integer of 64 bits (INT64) is expected",
            "input 'sex' has another text at row 1 where one of 'f', 'm' is expected",
            "input 'rooms' has a number above the range at row 1 where a number of 10 or less is expected",
        ] { #expect(sentence.contains(part), "\(sentence)") }
    }

    @Test("of a model of one matrix of columns, in every form", arguments: Form.allCases)
    func ofColumns(_ form: Form) {
        guard let body = form.matrixBody else { return }
        let sentence = Exchange(Self.matrix, form.codec(Self.matrix)).refusal(body)
        #expect(sentence.hasPrefix("4 problems: "), "\(sentence)")
        for part in [
            " has a string ", "where a number (FP32) is expected",
            "input 'rooms' has a number with a fraction at row 0 where a whole number (INT64) is expected",
            "input 'sex' has another value at row 1 where one of '0', '1' is expected",
            "input 'rooms' has a number above the range at row 1 where a number of 10 or less is expected",
        ] { #expect(sentence.contains(part), "\(sentence)") }
    }

    @Test("in binary tensors, too")
    func binary() {
        let head = """
            {"inputs":[{"name":"age","shape":[2,1],"datatype":"FP32","parameters":{"binary_data_size":4}},
            {"name":"sex","shape":[2,1],"datatype":"BYTES","parameters":{"binary_data_size":10}},
            {"name":"rooms","shape":[2,1],"datatype":"INT32","parameters":{"binary_data_size":16}}],
            "outputs":[{"name":"none"}]}
            """
        let bytes = [UInt8](repeating: 0, count: 4) + [1, 0, 0, 0, 102, 1, 0, 0, 0, 113] + [UInt8](repeating: 9, count: 16)
        let sentence = Exchange(Self.several).refusal(head, binary: bytes)
        #expect(
            sentence == "4 problems: input 'age' has 4 bytes; its shape needs 8; inference input 'rooms' data-type is "
                + "'INT32', but model 'tabular' expects 'INT64'; unexpected inference output 'none' for model 'tabular'; "
                + "it gives 'label', 'probability'; input 'sex' has another text at row 1 where one of 'f', 'm' is expected")
        let bools = Exchange(.echo(.bool)).refusal(
            #"{"inputs":[{"name":"in","shape":[3],"datatype":"BOOL","parameters":{"binary_data_size":3}}]}"#,
            binary: [2, 1, 3])
        #expect(bools.hasPrefix("2 problems: input 'in' has a byte other than 0 and 1 at element 0 where"), "\(bools)")
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let form: Form
        let body: String
        let sentence: String
    }

    @Test("faults of form with faults of values", arguments: [
        Row(testDescription: "columns: unknown, missing, of another length", form: .columns,
            body: #"{"inputs":{"age":[1,"x"],"rooms":[1],"more":[1]}}"#,
            sentence: "4 problems: input 'age' has a string at element 1 where a number (FP32) is expected; "
                + "unexpected inference input 'more' for model 'tabular'; it takes 'age', 'sex', 'rooms'; "
                + "input 'sex' is missing; model 'tabular' needs it; "
                + "input 'rooms' batch size does not match other inputs for 'tabular': expected 2, got 1"),
        Row(testDescription: "columns: two shapes", form: .mlflowInputs,
            body: #"{"inputs":{"age":[[1,2]],"sex":"f","rooms":[1]}}"#,
            sentence: "2 problems: unexpected shape for input 'age' for model 'tabular'. Expected [-1,1], got [1,2].; "
                + "input 'sex' has a string where a list of shape [-1,1] is expected"),
        Row(testDescription: "rows: what is no object, an unknown name", form: .instances,
            body: #"{"instances":[{"age":1,"sex":"f","rooms":1,"more":1},7,{"age":1,"rooms":null}]}"#,
            sentence: "4 problems: record 0 has the unknown feature 'more'; model 'tabular' takes 'age', 'sex', 'rooms'; "
                + "record 1 is an integer; an object of features is expected; "
                + "input 'rooms' has null in record 2 where an integer of 64 bits (INT64) is expected; "
                + "record 2 lacks 'sex'; model 'tabular' takes 'age', 'sex', 'rooms'"),
        Row(testDescription: "rows of values: too short, no list", form: .predictRows,
            body: #"{"data":[[1,"f"],2,["x","f",1]]}"#,
            sentence: "3 problems: row 0 of 'data' has 2 values; 3 are expected: 'age', 'sex', 'rooms'; "
                + "row 1 of 'data' is an integer; a list of values is expected; "
                + "input 'age' has a string in row 2 where a number (FP32) is expected"),
        Row(testDescription: "a table: a column missing, one twice, rows too short, a wrong value", form: .split,
            body: #"{"dataframe_split":{"columns":["age","age","sex"],"index":[1],"data":[[1,2],[1,"x","f"]]}}"#,
            sentence: "5 problems: Invalid input. 'index' is not a list of one label for each of the rows of 'data'; "
                + "column 'age' is given twice; once is expected; Model is missing inputs ['rooms']; "
                + "Invalid input. Row 0 of 'data' is a list of 2; a list of 3 values is expected; "
                + "input 'age' has a string in row 1 where a number (FP32) is expected"),
        Row(testDescription: "records: one that is no object, one with other columns", form: .records,
            body: #"{"dataframe_records":[{"age":1,"sex":"f","rooms":"1"},7,{"age":1}]}"#,
            sentence: "3 problems: input 'rooms' has a string in row 0 where an integer of 64 bits (INT64) is expected; "
                + "Invalid input. Record 1 is an integer; an object of columns is expected; "
                + "Invalid input. Record 2 has 1 columns, the first one 3"),
        Row(testDescription: "CSV: a column missing, a record too long, a wrong value, an open quotation mark", form: .csv,
            body: "age,sex\n1,f,2\nx,f\n1,\"f",
            sentence: "4 problems: Model is missing inputs ['rooms']; Invalid input. CSV record 2 has 3 fields, its header 2; "
                + "input 'age' has a string in row 1 where a number (FP32) is expected; "
                + "CSV record 4 has a quotation mark that is not closed"),
        Row(testDescription: "examples: two wrong ones", form: .examples,
            body: #"{"examples":[{"age":1,"sex":"f"},{"age":1,"sex":"q","rooms":99}]}"#,
            sentence: "3 problems: record 0 lacks 'rooms'; model 'tabular' takes 'age', 'sex', 'rooms'; "
                + "input 'sex' has another text at row 1 where one of 'f', 'm' is expected; "
                + "input 'rooms' has a number above the range at row 1 where a number of 10 or less is expected"),
    ])
    func ofForm(_ row: Row) {
        #expect(Exchange(Self.several, row.form.codec(Self.several)).refusal(row.body) == row.sentence)
    }

    @Test("what the memory held before is nobody's fault", arguments: [
        ("[1,2]", "input 'x' has 2 elements; its shape needs 6"), ("[[1,0,2],[1,0]]", "data of input 'x' is not nested"),
    ])
    func unwritten(_ row: (data: String, beginning: String)) throws {
        let exchange = Exchange(Self.matrix)
        func body(_ data: String) -> String {
            #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":\#(data)}]}"#
        }
        try exchange.decode(body("[1,7,1.5,1,7,99]"))
        exchange.inputs[0].removeAll()
        let sentence = exchange.refusal(body(row.data))
        #expect(sentence.hasPrefix(row.beginning), "\(sentence)")
        #expect(exchange.inputs[0].count == 0)
    }

    @Test("nor is it where one value stands for a whole tensor")
    func unwrittenScalar() throws {
        var schema = ModelSchema.echo(.float32, [])
        schema.features[0].maximum = 10
        let exchange = Exchange(schema, TensorFlowCodec(schema: schema))
        try exchange.decode(#"{"inputs":{"in":99}}"#)
        exchange.inputs[0].removeAll()
        #expect(
            exchange.refusal(#"{"inputs":{"in":"x"}}"#)
                == "input 'in' has a string where a number (FP32) is expected")
    }

    @Test("texts in base64 are read one by one")
    func base64() {
        let schema = ModelSchema.echo(.string, [nil, 2])
        let refusal = Exchange(schema, TensorFlowCodec(schema: schema)).refusal(
            #"{"instances":[["a",{"b64":"YQ=="}],[{"b64":"?"},1]]}"#)
        #expect(
            refusal == "2 problems: input 'in' has a 'b64' that is not base64 (RFC 4648); input 'in' has an integer at "
                + #"element 3 where a string or {"b64":"…"} (BYTES) is expected"#)
    }

    @Test("the values that fit, of a request of several with one wrong, do not disturb the next request")
    func nextRequest() throws {
        let exchange = Exchange(Self.several, TensorFlowCodec(schema: Self.several))
        _ = exchange.refusal(Form.columns.body)
        try exchange.decode(#"{"inputs":{"age":[1],"sex":["f"],"rooms":[2]}}"#)
        #expect(exchange.elements(2, Int64.self) == [2])
        #expect(exchange.inputs.allSatisfy { $0.unread.isEmpty })
    }
}
