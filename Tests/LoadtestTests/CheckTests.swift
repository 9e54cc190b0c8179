import Testing

@testable import LoadtestCore

@Suite("Answer check")
struct CheckTests {
    static let model = ModelInfo(
        name: "iris", inputs: [],
        outputs: [
            .init(name: "label", datatype: .int64, shape: [-1]),
            .init(name: "probability", datatype: .fp32, shape: [-1, 3]),
        ], source: .openInference)

    static let head = ResponseHead(status: 200, byteCount: 0, framing: .length(0), closes: false)

    static func answer(
        label: String, shape: String = "[1,3]", data: String = "[0.1,0.2,0.7]",
        type: String = "FP32"
    ) -> String {
        #"{"outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[\#(label)]},{"name":"probability","datatype":"\#(type)","shape":\#(shape),"data":\#(data)}]}"#
    }

    static func rule(
        _ format: RequestFormat?, golden: JSON? = nil, rowCount: Int? = 1,
        allowsNonFinite: Bool = false
    ) -> ModelRule {
        ModelRule(
            [.init(model: model, format: format, rowCount: rowCount, golden: golden)],
            tolerance: Tolerance(), allowsNonFinite: allowsNonFinite)
    }

    @Test("an answer as promised is right")
    func right() throws {
        try Self.rule(.v2).check(Array(Self.answer(label: "2").utf8), Self.head, requestIndex: 0)
    }

    struct Wrong: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let answer: String
        let says: String
    }

    @Test(
        "fast but wrong is wrong, and the sentence says why",
        arguments: [
            Wrong(
                testDescription: "another dtype", answer: answer(label: "2", type: "FP64"),
                says: "FP64"),
            Wrong(
                testDescription: "rows too many", answer: answer(label: "2", shape: "[2,3]"),
                says: "[2, 3]"),
            Wrong(
                testDescription: "NaN", answer: answer(label: "2", data: "[NaN,0,1]"), says: "NaN"),
            Wrong(
                testDescription: "null", answer: answer(label: "2", data: "[null,0,1]"),
                says: "null"),
            Wrong(
                testDescription: "values too few", answer: answer(label: "2", data: "[0,1]"),
                says: "2 values"),
            Wrong(testDescription: "an output missing", answer: #"{"outputs":[]}"#, says: "label"),
            Wrong(testDescription: "no JSON", answer: "<html>", says: "not JSON"),
            Wrong(testDescription: "an error in a 200", answer: #"{"error":"x"}"#, says: "outputs"),
        ])
    func wrong(_ row: Wrong) {
        do {
            try Self.rule(.v2).check(Array(row.answer.utf8), Self.head, requestIndex: 0)
            Issue.record("it was accepted")
        } catch {
            #expect(error.description.contains(row.says), "\(error)")
        }
    }

    @Test("NaN passes where it is allowed")
    func allowed() throws {
        let answer = Self.answer(label: "2", data: "[NaN,0,1]")
        try Self.rule(.v2, allowsNonFinite: true).check(
            Array(answer.utf8), Self.head, requestIndex: 0)
    }

    @Test("the expected answer is compared within the tolerance, the request's name aside")
    func golden() throws {
        let expected = try JSON.parse(Self.answer(label: "2"))
        let near = #"{"id":"7","# + Self.answer(label: "2", data: "[0.1000004,0.2,0.7]").dropFirst()
        try Self.rule(.v2, golden: expected).check(Array(near.utf8), Self.head, requestIndex: 0)
        for other in [Self.answer(label: "1"), Self.answer(label: "2", data: "[0.1001,0.2,0.7]")] {
            #expect(throws: WrongAnswer.self) {
                try Self.rule(.v2, golden: expected).check(
                    Array(other.utf8), Self.head, requestIndex: 0)
            }
        }
    }

    @Test("binary tensors are read as the JSON they stand for")
    func binary() throws {
        let header =
            #"{"outputs":[{"name":"label","datatype":"INT64","shape":[1],"parameters":{"binary_data_size":8}},{"name":"probability","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}]}"#
        let floats: [Float] = [0.1, 0.2, 0.7]
        let body =
            Array(header.utf8) + [2, 0, 0, 0, 0, 0, 0, 0]
            + floats.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } }
        var head = Self.head
        head.inferenceHeaderByteCount = header.utf8.count
        let golden = try JSON.parse(Self.answer(label: "2"))
        try Self.rule(.v2Binary, golden: golden).check(body, head, requestIndex: 0)
        #expect(throws: WrongAnswer.self) {
            try Self.rule(.v2Binary).check(body + [0], head, requestIndex: 0)
        }
        #expect(throws: WrongAnswer.self) {
            try Self.rule(.v2Binary).check(Array(body.dropLast()), head, requestIndex: 0)
        }
    }

    struct Form: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let format: RequestFormat
        let rowCount: Int
        let answer: String
        let isRight: Bool
    }

    @Test(
        "the other forms are held to their rows and finite values",
        arguments: [
            Form(
                testDescription: "predict, one", format: .predict, rowCount: 1,
                answer: #"{"label":1,"probability":[0.5]}"#, isRight: true),
            Form(
                testDescription: "predict, an output missing", format: .predict, rowCount: 1,
                answer: #"{"label":1}"#, isRight: false),
            Form(
                testDescription: "predict, a row missing", format: .predict, rowCount: 2,
                answer: #"[{"label":1,"probability":[1]}]"#, isRight: false),
            Form(
                testDescription: "rows", format: .tfsRows, rowCount: 2,
                answer: #"{"predictions":[1,2]}"#,
                isRight: true),
            Form(
                testDescription: "rows, one missing", format: .tfsRows, rowCount: 2,
                answer: #"{"predictions":[1]}"#, isRight: false),
            Form(
                testDescription: "columns", format: .tfsColumns, rowCount: 2,
                answer: #"{"outputs":[1,2]}"#,
                isRight: true),
            Form(
                testDescription: "columns with Infinity", format: .tfsColumns, rowCount: 2,
                answer: #"{"outputs":[1,Infinity]}"#, isRight: false),
            Form(
                testDescription: "mlflow", format: .mlflow, rowCount: 1,
                answer: #"{"predictions":{"label":[1]}}"#,
                isRight: true),
            Form(
                testDescription: "mlflow's error", format: .mlflow, rowCount: 1,
                answer: #"{"error_code":"X","message":"y"}"#, isRight: false),
        ])
    func forms(_ row: Form) {
        let rule = Self.rule(row.format, rowCount: row.rowCount)
        let isRight = (try? rule.check(Array(row.answer.utf8), Self.head, requestIndex: 0)) != nil
        #expect(isRight == row.isRight)
    }

    @Test("gzip answers are read, and broken ones are wrong")
    func gzip() throws {
        let check = AnswerCheck(Self.rule(.v2), requestCount: 1)
        var head = Self.head
        head.isGzip = true
        let body = Gzip.deflate(Array(Self.answer(label: "2").utf8))
        #expect(body.withUnsafeBytes { check.accepts($0, head, requestIndex: 0) })
        #expect(body.withUnsafeBytes { check.accepts($0, head, requestIndex: 0) })
        #expect(!body.dropLast(9).withUnsafeBytes { check.accepts($0, head, requestIndex: 0) })
        #expect(check.examples == ["the answer's gzip body is broken"])
    }
}
