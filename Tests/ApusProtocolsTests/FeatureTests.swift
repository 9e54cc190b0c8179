import ApusProtocols
import ApusWire
import Testing

@Suite("features in requests")
struct FeatureTests {
    /// One matrix of three columns: a whole number, a category, and a float that may be missing.
    static func schema(_ change: (inout ModelSchema) -> Void = { _ in }) -> ModelSchema {
        var schema = ModelSchema(
            name: "m", version: 1, inputs: [TensorSpec(name: "x", elementType: .float32, shape: [nil, 3])],
            outputs: [TensorSpec(name: "y", elementType: .float32, shape: [nil, 1])], isBatchable: true,
            maxBatchRowCount: 8)
        schema.features = [
            FeatureSpec(name: "age", input: 0, column: 0, elementType: .int64),
            FeatureSpec(name: "class", input: 0, column: 1, elementType: .float32),
            FeatureSpec(name: "fare", input: 0, column: 2, elementType: .float32),
        ]
        schema.features[0].maximum = 120
        schema.features[1].categories = [.integer(1), .number(2.5)]
        schema.features[2].isRequired = false
        change(&schema)
        return schema
    }

    static func decoded(_ exchange: Exchange, _ outOfRange: OutOfRangeMode = .warn) throws -> [Float] {
        let check = FeatureCheck(exchange.schema, outOfRange: outOfRange)
        try check?.check(exchange.request, inputs: exchange.inputs, firstElements: exchange.inputs.map { _ in 0 })
        return exchange.inputs[0].bytes.withMemoryRebound(to: Float.self) { Array($0) }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let body: String
        var outOfRange = OutOfRangeMode.warn
        let sentence: String
    }

    static let rows = [
        Row(testDescription: "a record of columns", body: #"{"fare":2.5,"age":30,"class":1}"#, sentence: "30.0 1.0 2.5"),
        Row(testDescription: "a column that may be missing", body: #"{"age":30.0,"class":2.5}"#, sentence: "30.0 2.5 nan"),
        Row(testDescription: "null for it", body: #"{"age":30,"class":1,"fare":null}"#, sentence: "30.0 1.0 nan"),
        Row(testDescription: "the input whole", body: #"{"x":[30,1,2]}"#, sentence: "30.0 1.0 2.0"),
        Row(testDescription: "rows", body: #"{"data":[[1,1,1],[2,1,2]]}"#, sentence: "1.0 1.0 1.0 2.0 1.0 2.0"),
        Row(testDescription: "all that is wrong", body: #"[{"age":1.5,"class":3},{"fare":"x","class":1,"agee":1}]"#,
            sentence: "5 problems: record 1 has the unknown feature 'agee'; model 'm' takes 'age', 'class', 'fare'; "
                + "record 1 lacks 'age'; model 'm' needs it; "
                + "input 'fare' has a string in record 1 where a number (FP32) is expected; "
                + "input 'age' has a number with a fraction at row 0 where a whole number (INT64) is expected; "
                + "input 'class' has another value at row 0 where one of '1', '2.5' is expected"),
        Row(testDescription: "what only the schema forbids", body: #"[{"age":1.5,"class":3},{"age":1,"class":null}]"#,
            sentence: "3 problems: input 'age' has a number with a fraction at row 0 where a whole number (INT64) is "
                + "expected; input 'class' has another value at row 0 where one of '1', '2.5' is expected; "
                + "input 'class' has null or NaN at row 1 where one of '1', '2.5' is expected"),
        Row(testDescription: "an integer that a float32 cannot tell from its neighbours",
            body: #"{"x":[16777217,1,2]}"#,
            sentence: "input 'age' has a number out of range where a whole number (INT64) from -16777215 to 16777215 is "
                + "expected"),
        Row(testDescription: "out of range, allowed", body: #"{"age":121,"class":1}"#, outOfRange: .allow,
            sentence: "121.0 1.0 nan"),
        Row(testDescription: "out of range, refused", body: #"{"age":121,"class":1}"#, outOfRange: .reject,
            sentence: "input 'age' has a number above the range where a number of 120 or less is expected"),
    ]

    @Test("are taken by column, by input and by row, after one set of rules", arguments: rows)
    func rules(_ row: Row) {
        let schema = Self.schema()
        let exchange = Exchange(schema, PredictCodec(schema: schema))
        #expect(Self.outcome(exchange, row.outOfRange) { try exchange.decode(row.body) } == row.sentence)
    }

    @Test("have the same rules as V2 tensors")
    func tensors() {
        let schema = Self.schema()
        func outcome(_ data: String) -> String {
            let exchange = Exchange(schema)
            return Self.outcome(exchange, .reject) {
                try exchange.decode(
                    #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[\#(data)]}]}"#)
            }
        }
        #expect(outcome("30,1,2") == "30.0 1.0 2.0")
        #expect(outcome("121,1.5,2").hasPrefix("2 problems: input 'age' has a number above the range where"))
    }

    /// `alive`, a bool, and `age` as columns of one matrix.
    static func bools(_ tensor: ElementType) -> ModelSchema {
        var schema = ModelSchema.echo(tensor, [nil, 2], isBatchable: true)
        schema.features = [
            FeatureSpec(name: "alive", input: 0, column: 0, elementType: .bool),
            FeatureSpec(name: "age", input: 0, column: 1, elementType: tensor),
        ]
        return schema
    }

    struct Table: CustomTestStringConvertible, Sendable {
        var testDescription: String { body }
        let body: String
        var form = Form.mlflow

        enum Form { case predict, mlflow, csv }

        func exchange(_ schema: ModelSchema) -> Exchange {
            switch form {
            case .predict: Exchange(schema, PredictCodec(schema: schema))
            case .mlflow: Exchange(schema, MLflowCodec(schema: schema))
            case .csv: Exchange(schema, MLflowCSVCodec(schema: schema))
            }
        }
    }

    @Test("that are bools are taken as true and false in tensors of numbers, in every table", arguments: [
        Table(body: #"[{"alive":true,"age":3},{"age":4,"alive":false}]"#, form: .predict),
        Table(body: #"{"data":[[true,3],[0,4]]}"#, form: .predict),
        Table(body: #"{"dataframe_split":{"columns":["age","alive"],"data":[[3,true],[4,false]]}}"#),
        Table(body: #"{"dataframe_split":{"data":[[true,3],[0.0,4]]}}"#),
        Table(body: #"{"dataframe_records":[{"alive":1,"age":3},{"alive":false,"age":4}]}"#),
        Table(body: #"{"instances":[{"alive":true,"age":3},{"alive":false,"age":4}]}"#),
        Table(body: #"{"inputs":[[true,3],[false,4]]}"#),
        Table(body: "age,alive\n3,True\n4,False\n", form: .csv), Table(body: "alive,age\n1.0,3\nfalse,4\n", form: .csv),
    ])
    func bools(_ row: Table) throws {
        for type in [ElementType.float32, .int64] {
            let exchange = row.exchange(Self.bools(type))
            try exchange.decode(row.body)
            if type == .float32 {
                #expect(exchange.elements(0, Float.self) == [1, 3, 0, 4])
            } else {
                #expect(exchange.elements(0, Int64.self) == [1, 3, 0, 4])
            }
        }
    }

    @Test("that are no bools are not taken as true and false")
    func noBools() {
        let schema = Self.bools(.float32)
        #expect(
            Exchange(schema, MLflowCodec(schema: schema)).refusal(#"{"inputs":[[true,true]]}"#)
                == "input 'in' has true or false at element 1 where a number (FP32) is expected")
        #expect(
            Exchange(schema).refusal(
                #"{"inputs":[{"name":"in","shape":[1,2],"datatype":"FP32","data":[true,1]}]}"#)
                == "input 'in' has true or false at element 0 where a number (FP32) is expected")
        #expect(
            Exchange(schema, MLflowCSVCodec(schema: schema)).refusal("alive,age\nyes,True\n").hasPrefix("2 problems: "))
    }

    /// `image`, binary, and `name`, a text, as columns of one matrix.
    static var binary: ModelSchema {
        var schema = ModelSchema.echo(.string, [nil, 2], isBatchable: true)
        schema.features = ["image", "name"].enumerated().map { column, name in
            FeatureSpec(name: name, input: 0, column: column, elementType: .string)
        }
        schema.features[0].isBase64 = true
        return schema
    }

    @Test("that are binary are given in base64, in every form of tables and of /predict", arguments: [
        Table(body: #"[{"image":"AAH/","name":"AAH/"},{"name":"b","image":""}]"#, form: .predict),
        Table(body: #"{"data":[["AAH/","AAH/"],["","b"]]}"#, form: .predict),
        Table(body: #"{"dataframe_split":{"columns":["name","image"],"data":[["AAH/","AAH/"],["b",""]]}}"#),
        Table(body: #"{"dataframe_records":[{"image":"AA\nH/\n","name":"AAH/"},{"image":"\n","name":"b"}]}"#),
        Table(body: #"{"instances":[{"image":"AAH/","name":"AAH/"},{"image":"","name":"b"}]}"#),
        Table(body: #"{"inputs":[["AAH/","AAH/"],["","b"]]}"#),
        Table(body: "image,name\n\"AAH\n/\",AAH/\n,b\n", form: .csv),
    ])
    func base64(_ row: Table) throws {
        let exchange = row.exchange(Self.binary)
        try exchange.decode(row.body)
        #expect((0..<4).map { Array(exchange.inputs[0].string($0)) } == [[0, 1, 255], Array("AAH/".utf8), [], [98]])
    }

    @Test("that are binary are told when they are not base64, each by its place", arguments: [
        (Table(body: #"[{"image":"AAH","name":"?"},{"image":"A","name":"?"}]"#, form: .predict), "in record 1"),
        (Table(body: #"{"dataframe_split":{"columns":["image","name"],"data":[["AAH","?"],["*","?"]]}}"#), "in row 1"),
        (Table(body: #"{"inputs":[["AAE","?"],["A===","?"]]}"#), "at element 2"),
        (Table(body: "image,name\nAAE,?\nAAF,?\n", form: .csv), "in row 1"),
    ])
    func noBase64(_ row: (table: Table, place: String)) {
        let sentence = row.table.exchange(Self.binary).refusal(row.table.body)
        #expect(sentence.hasSuffix(" has a text that is not base64 \(row.place) where base64 (RFC 4648) is expected"), "\(sentence)")
    }

    @Test("that are binary are nested as their shape, and are plain texts where a protocol has bytes")
    func plainBinary() throws {
        var whole = ModelSchema.echo(.string, [nil, 2, 2])
        whole.features[0].isBase64 = true
        let mlflow = Exchange(whole, MLflowCodec(schema: whole))
        try mlflow.decode(#"{"inputs":[[["YQ==","Yg"],["Yw==","ZA=="]]]}"#)
        #expect(mlflow.strings(0) == ["a", "b", "c", "d"])
        let predict = Exchange(whole, PredictCodec(schema: whole))
        #expect(
            predict.refusal(#"{"in":[["YQ==","Yg"],["Yw==","ZA=="],["YQ==","Yg"]]}"#)
                == "data of input 'in' is not nested as its shape [2,2] says: a list of 2 is expected at level 1")
        let infer = Exchange(Self.binary)
        try infer.decode(#"{"inputs":[{"name":"in","shape":[1,2],"datatype":"BYTES","data":["YQ==","b"]}]}"#)
        #expect(infer.strings(0) == ["YQ==", "b"])
        let tensorFlow = Exchange(Self.binary, TensorFlowCodec(schema: Self.binary))
        try tensorFlow.decode(#"{"instances":[{"in":["YQ==",{"b64":"Yg=="}]}]}"#)
        #expect(tensorFlow.strings(0) == ["YQ==", "b"])
    }

    @Test("a default is a value, whatever its text would be read as", arguments: [
        (FeatureValue.bool(true), Float(1)), (.bool(false), 0), (.integer(7), 7), (.number(0.5), 0.5),
    ])
    func defaultsOfTables(_ row: (value: FeatureValue, element: Float)) throws {
        var schema = Self.bools(.float32)
        schema.features[0].elementType = row.value == .bool(true) || row.value == .bool(false) ? .bool : .float32
        schema.features[0].defaultValue = row.value
        schema.features[0].isRequired = false
        let json = Exchange(schema, MLflowCodec(schema: schema))
        try json.decode(#"{"dataframe_split":{"columns":["age"],"data":[[3]]}}"#)
        #expect(json.elements(0, Float.self) == [row.element, 3])
        let csv = Exchange(schema, MLflowCSVCodec(schema: schema))
        try csv.decode("age\n3\n")
        #expect(csv.elements(0, Float.self) == [row.element, 3])
    }

    @Test("that are missing take their default in every form")
    func defaults() {
        let schema = ModelSchema(
            name: "m", version: 1,
            inputs: ["a", "b"].map { TensorSpec(name: $0, elementType: .float32, shape: [nil, 1]) },
            outputs: [], isBatchable: true, maxBatchRowCount: 8)
        var withDefault = schema
        withDefault.features[1].defaultValue = .integer(7)
        withDefault.features[1].isRequired = false
        func second(_ exchange: Exchange, _ body: String) -> [Float] {
            try? exchange.decode(body)
            return exchange.inputs[1].bytes.withMemoryRebound(to: Float.self) { Array($0) }
        }
        let tensor = #"{"inputs":[{"name":"a","shape":[2,1],"datatype":"FP32","data":[1,2]}]}"#
        #expect(second(Exchange(withDefault), tensor) == [7, 7])
        let records = Exchange(withDefault, PredictCodec(schema: withDefault))
        #expect(second(records, #"[{"a":1},{"a":2,"b":3}]"#) == [7, 3])
        #expect(Exchange(schema).refusal(tensor) == "input 'b' is missing; model 'm' needs it")
    }

    @Test("count what is out of range")
    func counts() throws {
        let schema = Self.schema()
        let exchange = Exchange(schema, PredictCodec(schema: schema))
        let check = try #require(FeatureCheck(schema, outOfRange: .warn))
        try exchange.decode(#"{"data":[[121,1,1],[2,1,2],[500,1,2]]}"#)
        #expect(check.takeCounts() == nil)
        try check.check(exchange.request, inputs: exchange.inputs, firstElements: [0])
        #expect(check.takeCounts() == [2, 0, 0])
        #expect(check.takeCounts() == nil)
        exchange.inputs[0].removeAll()
        try exchange.decode(#"{"data":[[121,7,1],[2,8,2]]}"#)
        #expect(throws: InferenceError.self) {
            try check.check(exchange.request, inputs: exchange.inputs, firstElements: [0])
        }
        #expect(check.takeCounts() == [1, 2, 0])
    }

    @Test("with no rule cost nothing")
    func noRules() {
        #expect(FeatureCheck(Self.schema { $0.features = FeatureSpec.whole($0.inputs) }, outOfRange: .reject) == nil)
    }

    private static func outcome(
        _ exchange: Exchange, _ outOfRange: OutOfRangeMode, _ decode: () throws -> Void
    ) -> String {
        do {
            try decode()
            return try decoded(exchange, outOfRange).map { "\($0)" }.joined(separator: " ")
        } catch {
            return "\(error)"
        }
    }
}

@Suite("a request's problems")
struct ProblemTests {
    @Test("are all told, and beyond sixteen counted")
    func bounded() {
        let data = Array(repeating: "\"x\"", count: 20).joined(separator: ",")
        let refusal = Exchange(.echo(.int64)).refusal(
            #"{"inputs":[{"name":"in","shape":[20],"datatype":"INT64","data":[\#(data)]}]}"#)
        #expect(refusal.hasPrefix("20 problems: input 'in' has a string at element 0 where"))
        #expect(refusal.hasSuffix("; and 4 more"))
    }

    @Test("of several inputs and outputs are told at once")
    func several() {
        let schema = ModelSchema(
            name: "m", version: 1,
            inputs: ["a", "b", "c"].map { TensorSpec(name: $0, elementType: .int32, shape: [nil]) },
            outputs: [TensorSpec(name: "y", elementType: .int32, shape: [nil])], isBatchable: true,
            maxBatchRowCount: 8)
        let refusal = Exchange(schema).refusal(
            """
            {"inputs":[{"name":"a","shape":[2],"datatype":"INT32","data":[1.5,null]},
            {"name":"b","shape":[1,1],"datatype":"INT32","data":[1]},{"name":"z","shape":[1],"datatype":"INT32","data":[1]}],
            "outputs":[{"name":"w"}]}
            """)
        #expect(refusal.hasPrefix("6 problems: "))
        for part in [
            "'a' has a number with a fraction or out of range at element 0", "'a' has null at element 1",
            "unexpected shape for input 'b'", "unexpected inference input 'z'", "input 'c' is missing",
            "unexpected inference output 'w'",
        ] { #expect(refusal.contains(part), "\(refusal)") }
    }
}
