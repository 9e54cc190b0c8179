import ApusWire
import Testing

@testable import ApusProtocols

/// A body like the last one is read by a way of its own: it must give what the parser gives.
@Suite("Known bodies")
struct KnownBodyTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let schema: ModelSchema
        let testDescription: String
        let first: String
        let second: String
        let isLike: Bool

        init(_ name: String, _ first: String, _ second: String, isLike: Bool) {
            self.init(name, .iris, first, second, isLike: isLike)
        }

        init(_ name: String, _ schema: ModelSchema, _ first: String, _ second: String, isLike: Bool) {
            testDescription = name
            self.schema = schema
            self.first = first
            self.second = second
            self.isLike = isLike
        }
    }

    static func iris(_ data: String, _ around: String = "%", shape: String = "[1,4]") -> String {
        let input = #"{"name":"X","shape":\#(shape),"datatype":"FP32","data":\#(data)}"#
        return #"{"inputs":[%]}"#.replacing("%", with: around.replacing("%", with: input))
    }

    static func tabular(_ age: String, _ sex: String, _ rooms: String) -> String {
        #"{"inputs":[{"name":"sex","shape":[1,1],"datatype":"BYTES","data":\#(sex)},"#
            + #"{"name":"age","shape":[1,1],"datatype":"FP32","data":\#(age)},"#
            + #"{"name":"rooms","shape":[1,1],"datatype":"INT64","data":\#(rooms)}]}"#
    }

    static let plain = iris("[1,2,3,4]")

    static let rows: [Row] = [
        Row("the same", plain, plain, isLike: true),
        Row("other numbers", plain, iris("[-0.5,1e3,7.25,0]"), isLike: true),
        Row("spaces between them", plain, iris("[ 1 ,\t2,\n3, 4 ]"), isLike: true),
        Row("one too few", plain, iris("[1,2,3]"), isLike: false),
        Row("one too many", plain, iris("[1,2,3,4,5]"), isLike: false),
        Row("a comma at the end", plain, iris("[1,2,3,4,]"), isLike: false),
        Row("a comma missing", plain, iris("[1,2 3,4]"), isLike: false),
        Row("null", plain, iris("[1,2,3,null]"), isLike: false),
        Row("NaN", plain, iris("[1,2,3,NaN]"), isLike: false),
        Row("beyond the type", plain, iris("[1,2,3,1e39]"), isLike: false),
        Row("no number", plain, iris("[1,2,3,0x4]"), isLike: false),
        Row("a text", plain, iris(#"[1,2,3,"4"]"#), isLike: false),
        Row("nested", plain, iris("[[1,2,3,4]]"), isLike: false),
        Row("another shape", plain, iris("[1,2,3,4,5,6,7,8]", shape: "[2,4]"), isLike: false),
        Row("more behind it", plain, plain + " ", isLike: false),
        Row("less", plain, String(plain.dropLast()), isLike: false),
        Row("a nested one is not kept", iris("[[1,2,3,4]]"), iris("[[1,2,3,4]]"), isLike: false),
        Row("an empty one is not kept", iris("[]", shape: "[0,4]"), iris("[]", shape: "[0,4]"), isLike: false),
        Row(
            "an id is not kept", #"{"id":"a","inputs":["# + iris("[1,2,3,4]").dropFirst(11),
            #"{"id":"a","inputs":["# + iris("[1,2,3,4]").dropFirst(11), isLike: false),
        Row(
            "another key of that name is not kept", #"{"parameters":{"data":[9,9,9,9]},"# + plain.dropFirst(),
            #"{"parameters":{"data":[8,8,8,8]},"# + plain.dropFirst(), isLike: false),
        Row(
            "an escaped key is not kept",
            #"{"parameters":{"data":[9,9,9,9]},"# + plain.replacing("data\":", with: "d\\u0061ta\":").dropFirst(),
            #"{"parameters":{"data":[8,8,8,8]},"# + plain.replacing("data\":", with: "d\\u0061ta\":").dropFirst(),
            isLike: false),
        Row(
            "an input of that name", .named("data"), plain.replacing("\"X\"", with: "\"data\""),
            iris("[5,6,7,8]").replacing("\"X\"", with: "\"data\""), isLike: true),
        Row(
            "a parameter of that value", #"{"parameters":{"a":"data"},"# + plain.dropFirst(),
            #"{"parameters":{"a":"data"},"# + iris("[4,3,2,1]").dropFirst(), isLike: true),
        Row(
            "what follows the data", plain.replacing("]}]}", with: #"],"x":[1,2]}],"outputs":[{"name":"label"}]}"#),
            iris("[5,6,7,8]").replacing("]}]}", with: #"],"x":[1,2]}],"outputs":[{"name":"label"}]}"#), isLike: true),
        Row(
            "several inputs", PredictTests.tabular, tabular("[1.5]", #"["f"]"#, "[3]"),
            tabular("[-2]", #"[ "male ]" ]"#, "[ 40]"), isLike: true),
        Row(
            "an empty text", PredictTests.tabular, tabular("[1.5]", #"["f"]"#, "[3]"),
            tabular("[1.5]", #"[""]"#, "[3]"), isLike: true),
        Row(
            "an escape in a text", PredictTests.tabular, tabular("[1.5]", #"["f"]"#, "[3]"),
            tabular("[1.5]", #"["\n"]"#, "[3]"), isLike: false),
        Row(
            "a text beyond ASCII", PredictTests.tabular, tabular("[1.5]", #"["f"]"#, "[3]"),
            tabular("[1.5]", #"["é"]"#, "[3]"), isLike: false),
        Row(
            "a control byte in a text", PredictTests.tabular, tabular("[1.5]", #"["f"]"#, "[3]"),
            tabular("[1.5]", "[\"\u{1}\"]", "[3]"), isLike: false),
        Row(
            "a number for a text", PredictTests.tabular, tabular("[1.5]", #"["f"]"#, "[3]"),
            tabular("[1.5]", "[1]", "[3]"), isLike: false),
        Row(
            "a fraction for an integer", PredictTests.tabular, tabular("[1.5]", #"["f"]"#, "[3]"),
            tabular("[1.5]", #"["f"]"#, "[3.5]"), isLike: false),
    ]

    @Test("a body is read by what is known, or left to the parser", arguments: rows)
    func reads(_ row: Row) throws {
        let first = Exchange(row.schema)
        try first.decode(row.first)
        var known = KnownBody()
        withBody(Array(row.first.utf8)) { known.keep($0, first.request, row.schema) }
        let second = Exchange(row.schema)
        second.request.begin(row.schema)
        let isRead = withBody(Array(row.second.utf8)) { known.read($0, into: second.inputs, second.request) }
        #expect(isRead == row.isLike)
        #expect(isRead || second.inputs.allSatisfy { $0.count == 0 })
    }

    @Test("whatever came before, an answer is the same", arguments: rows)
    func same(_ row: Row) throws {
        let warm = Exchange(row.schema)
        try warm.decode(row.first)
        try Self.compare(warm, Array(row.second.utf8))
        try Self.compare(warm, Array(row.first.utf8))
    }

    @Test("30,000 mutated bodies mean the same to one that knows the form", arguments: 0..<3)
    func mutated(_ number: Int) throws {
        let (schema, body) = [
            (.iris, Self.iris("[5.1,3.5,1.4,0.2]")),
            (.iris, Self.iris("[1,-2.5,3e2,4.000001,5,6,7,8]", shape: "[2,4]")),
            (PredictTests.tabular, Self.tabular("[1.5]", #"["f"]"#, "[-3]")),
        ][number] as (ModelSchema, String)
        let warm = Exchange(schema)
        var random = Seeded(state: UInt64(number + 40))
        for _ in 0..<10_000 {
            warm.inputs.forEach { $0.removeAll() }
            try warm.decode(body)
            try Self.compare(warm, MutatedBodyTests.mutated(Array(body.utf8), &random))
        }
    }

    /// Decodes by a codec that has decoded before and by a fresh one.
    private static func compare(_ warm: Exchange, _ body: [UInt8]) throws {
        let fresh = Exchange(warm.schema)
        warm.inputs.forEach { $0.removeAll() }
        let (one, other) = (outcome(warm, body), outcome(fresh, body))
        try #require(one == other, "\(String(decoding: body, as: UTF8.self))")
    }

    private static func outcome(_ exchange: Exchange, _ body: [UInt8]) -> String {
        do { try exchange.decode(body) } catch { return "\(error)" }
        let request = exchange.request
        let tensors = exchange.inputs.map { "\(Array($0.bytes)) \($0.ends)" }
        return "\(request.inputShapes) \(request.rowCount) \(request.outputs) \(request.wantedOutputs) "
            + "\(request.priority) \(request.timeoutMicroseconds) \(request.id) \(tensors)"
    }
}

extension ModelSchema {
    fileprivate static func named(_ input: String) -> ModelSchema {
        ModelSchema(
            name: "iris", version: 1,
            inputs: [TensorSpec(name: input, elementType: .float32, shape: [nil, 4])],
            outputs: ModelSchema.iris.outputs, isBatchable: true, maxBatchRowCount: 64)
    }
}
