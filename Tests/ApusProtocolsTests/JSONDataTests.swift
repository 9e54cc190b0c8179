import ApusProtocols
import ApusWire
import Testing

@Suite("JSON data")
struct JSONDataTests {
    static func body(_ type: ElementType, _ data: String, count: Int) -> String {
        #"{"inputs":[{"name":"in","shape":[\#(count)],"datatype":"\#(type.datatype)","data":\#(data)}]}"#
    }

    @Test("NaN, Infinity, -Infinity, null and integers beyond 64 bits are floats")
    func tokens() throws {
        let exchange = Exchange(.echo(.float64))
        let data = "[NaN,Infinity, -Infinity ,null,123456789012345678901234567890,-18446744073709551616,1,"
            + "18446744073709551615,-0.0,NaN\n]"
        try exchange.decode(Self.body(.float64, data, count: 10))
        let found = exchange.elements(0, Double.self)
        #expect(found[0].isNaN && found[3].isNaN && found[9].isNaN)
        #expect(found[1] == .infinity && found[2] == -.infinity)
        #expect(found[4...7] == [0x1.8ee90ff6c373ep96, -0x1p64, 1, 0x1p64])
        #expect(found[8] == 0 && found[8].sign == .minus)
    }

    @Test("a user's own strings are never taken for tokens")
    func strings() throws {
        let exchange = Exchange(PredictTests.tabular, PredictCodec(schema: PredictTests.tabular))
        try exchange.decode(#"[{"age":NaN,"sex":"[NaN,\"Infinity, 0.0","rooms":1},{"sex":"NaN","rooms":2,"age":Infinity}]"#)
        #expect(exchange.strings(1) == ["[NaN,\"Infinity, 0.0", "NaN"])
        #expect(exchange.elements(0, Float.self)[0].isNaN)
        #expect(exchange.elements(0, Float.self)[1] == .infinity)
        #expect(exchange.elements(2, Int64.self) == [1, 2])
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let type: ElementType, data: String, refused: String
        var testDescription: String { "\(type) \(data)" }

        init(_ type: ElementType, _ data: String, _ refused: String = "") {
            self.type = type
            self.data = data
            self.refused = refused
        }
    }

    static let fraction = "a number with a fraction or out of range at element 0"
    static let range = "an integer out of range at element 0"

    @Test("an integer or bool is taken without loss or not at all", arguments: [
        Row(.int8, "[-128]"), Row(.int8, "[127]"), Row(.int8, "[128]", range), Row(.int8, "[-129]", range),
        Row(.uint8, "[255]"), Row(.uint8, "[256]", range), Row(.uint8, "[-1]", range),
        Row(.int16, "[-32768]"), Row(.int16, "[32768]", range), Row(.uint16, "[65535]"), Row(.uint16, "[65536]", range),
        Row(.int32, "[-2147483648]"), Row(.int32, "[2147483648]", range),
        Row(.uint32, "[4294967295]"), Row(.uint32, "[4294967296]", range), Row(.uint32, "[-1]", range),
        Row(.int64, "[-9223372036854775808]"), Row(.int64, "[9223372036854775807]"),
        Row(.int64, "[9223372036854775808]", range), Row(.int64, "[-9223372036854775809]", fraction),
        Row(.uint64, "[18446744073709551615]"), Row(.uint64, "[-1]", range),
        Row(.uint64, "[18446744073709551616]", fraction),
        Row(.int64, "[1.7]", fraction), Row(.int64, "[1.0]"), Row(.int64, "[1e3]"),
        Row(.int64, "[-0.0]"), Row(.int64, "[9007199254740992.0]"), Row(.int64, "[9007199254740994.0]", fraction),
        Row(.uint8, "[255.0]"), Row(.uint8, "[256.0]", fraction), Row(.uint8, "[-1.0]", fraction),
        Row(.int64, #"["5"]"#, "a string at element 0"), Row(.int64, "[null]", "null at element 0"),
        Row(.int64, "[true]", "true or false at element 0"), Row(.int64, "[{}]", "an object at element 0"),
        Row(.float32, "[-0]"), Row(.int64, "[NaN]", "a number that is not finite at element 0"),
        Row(.bool, "[true]"), Row(.bool, "[0]"), Row(.bool, "[2]", range), Row(.bool, "[1.0]"), Row(.bool, "[0.5]", fraction),
        Row(.bool, "[null]", "null at element 0"),
        Row(.string, #"["\u00e9\n"]"#), Row(.string, "[1]", "an integer at element 0"), Row(.string, "[1.5]", "a number at element 0"),
        Row(.float32, "[3.4028235e38]"), Row(.float32, "[3.5e38]", "a number out of range at element 0"),
    ])
    func lossless(_ row: Row) {
        let exchange = Exchange(.echo(row.type))
        let refusal = exchange.refusal(Self.body(row.type, row.data, count: 1))
        if row.refused.isEmpty {
            #expect(refusal == "accepted")
        } else {
            #expect(refusal.hasPrefix("input 'in' has \(row.refused) where "), "\(refusal)")
        }
    }

    @Test("floats are written as the shortest text of their own type", arguments: [
        Row(.float32, "[0.2,1.0,16777216.0,1e-45,3.4028235e+38,-0.0]"),
        Row(.float64, "[0.2,1.0,0.30000000000000004,5e-324,1.7976931348623157e+308]"),
        Row(.int64, "[-9223372036854775808,9223372036854775807]"), Row(.uint64, "[18446744073709551615,0]"),
        Row(.bool, "[true,false]"), Row(.string, #"["a\"\\\n\u0001é😀",""]"#),
    ])
    func shortest(_ row: Row) throws {
        let exchange = Exchange(.echo(row.type))
        let count = row.data.split(separator: ",").count
        try exchange.decode(Self.body(row.type, row.data, count: count))
        let ends = exchange.inputs[0].ends
        let answer = try ends.withUnsafeBufferPointer { ends in
            let view = TensorView(
                elementType: row.type, shape: Shape([count]), bytes: exchange.inputs[0].bytes, ends: ends)
            try withUnsafePointer(to: view) {
                try exchange.codec.encode(
                    exchange.request, outputs: UnsafeBufferPointer(start: $0, count: 1), rows: nil,
                    into: exchange.response)
            }
            return String(decoding: exchange.response.bytes, as: UTF8.self)
        }
        #expect(answer.hasSuffix("\"data\":\(row.data)}]}"), "\(answer)")
    }

    @Test("bytes that are not UTF-8 are written as U+FFFD, one for each maximal part", arguments: [
        ([0x61, 0xFF, 0x62], "a\u{FFFD}b"), ([0xE2, 0x82], "\u{FFFD}"), ([0xE2, 0x82, 0x41], "\u{FFFD}A"),
        ([0xC0, 0x80], "\u{FFFD}\u{FFFD}"), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
        ([0xF0, 0x9F, 0x98, 0x80], "😀"),
    ] as [([UInt8], String)])
    func replaced(_ bytes: [UInt8], _ text: String) throws {
        let exchange = Exchange(.echo(.string))
        try exchange.decode(Self.body(.string, #"["x"]"#, count: 1))
        let answer = try exchange.answer([Tensor([1], strings: [bytes])])
        #expect(answer.hasSuffix("\"data\":[\"\(text)\"]}]}"))
    }

    @Test("a number that is not finite is written by policy")
    func nonfinite() throws {
        let output = Tensor(.float32, [4], [Float.nan, .infinity, -.infinity, 1])
        func data(_ policy: NonfinitePolicy) throws -> String {
            let exchange = Exchange(.echo(.float32), nonfinite: policy)
            try exchange.decode(Self.body(.float32, "[1]", count: 1))
            return String(try exchange.answer([output]).split(separator: ":").last ?? "")
        }
        #expect(try data(.null) == "[null,null,null,1.0]}]}")
        #expect(try data(.token) == "[NaN,Infinity,-Infinity,1.0]}]}")
        #expect(throws: InferenceError.self) { try data(.error) }
    }

    @Test("data is flat or nested as its shape", arguments: ["[1,2,3,4,5,6]", "[[1,2,3],[4,5,6]]", "[[1, 2,3] ,[4,5,6] ]"])
    func nested(_ data: String) throws {
        let exchange = Exchange(.echo(.int32, [nil, 3]))
        try exchange.decode(#"{"inputs":[{"data":\#(data),"shape":[2,3],"datatype":"INT32","name":"in"}]}"#)
        #expect(exchange.elements(0, Int32.self) == [1, 2, 3, 4, 5, 6])
    }

    @Test("half precision keeps every value that /predict is given and gives", arguments: [
        ElementType.float16, .bfloat16,
    ])
    func halves(_ type: ElementType) throws {
        let schema = ModelSchema.echo(type, [nil, 1])
        let exchange = Exchange(schema, PredictCodec(schema: schema))
        let infinity: UInt16 = type == .float16 ? 0x7C00 : 0x7F80
        let every = (UInt16.min...UInt16.max).filter { $0 & 0x7FFF < infinity }
        try exchange.decode("{\"data\":[" + every.map { _ in "[0]" }.joined(separator: ",") + "]}")
        let text = try exchange.answer([Tensor(type, [every.count, 1], every)])
        try exchange.decode(text.replacing("\"out\"", with: "\"in\""))
        #expect(Array(exchange.elements(0, UInt16.self).dropFirst(every.count)) == every)
    }
}
