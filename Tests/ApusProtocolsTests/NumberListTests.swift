import ApusProtocols
import ApusWire
import Testing

/// Long lists of numbers are read by a way of their own: it must give what the other one gives.
@Suite("Lists of numbers")
struct NumberListTests {
    static let numbers = [
        "0", "-0", "7", "-12", "255", "123456789012345678", "-123456789012345678", "9223372036854775807",
        "0.0", "-0.0", "0.5", "-0.4213", "9.999999", "1.000001", "1.0000001", "12.5", "0.4823529422283173",
        "0.054901961237192154", "0.1234567890123456789012", "9007199254740993.0", "5e-324", "1e22", "1E-5", "1.5e+3",
        "2.2250738585072011e-308", "1.7976931348623157e308", "3.4028235e38", "0.000000059604644775390625",
    ]

    /// The same list, so long that it is read by the other way, and one by one.
    @Test("a number is the same in a long list, alone and between spaces", arguments: [
        ElementType.float64, .float32,
    ])
    func same(_ type: ElementType) throws {
        let accepted = Self.numbers.filter { bits(type, "[\($0)]", 1) != nil }
        let alone = accepted.compactMap { bits(type, "[\($0)]", 1) }.flatMap { $0 }
        #expect(accepted.count >= 16)
        for separator in [",", " , ", "\n,\t"] {
            let list = "[ \(accepted.joined(separator: separator)) ]"
            #expect(bits(type, list, accepted.count) == alone, "\(separator.debugDescription)")
        }
    }

    @Test("short decimals of every length are the nearest floats", arguments: 1...7)
    func decimals(_ digits: Int) throws {
        let texts = (0..<512).map { index in
            let fraction = String(String(index * 7919 + 10_000_000).suffix(digits))
            return "\(index % 3 == 0 ? "-" : "")\(index % 10).\(fraction)"
        }
        let exchange = Exchange(.echo(.float64))
        try exchange.decode(JSONDataTests.body(.float64, "[\(texts.joined(separator: ","))]", count: 512))
        #expect(exchange.elements(0, Double.self) == texts.map { Double($0)! })
    }

    @Test("integers keep all their digits in a long list")
    func integers() throws {
        let values = (0..<40).map { Int64(-9_007_199_254_740_993 * 100) + $0 * 45_035_996_273_704_961 }
        let exchange = Exchange(.echo(.int64))
        try exchange.decode(JSONDataTests.body(.int64, "\(values)", count: 40))
        #expect(exchange.elements(0, Int64.self) == values)
    }

    @Test("what is wrong in a long list is refused as in a short one", arguments: [
        "1.", "01", "-", ".5", "1e", "--1", "+1", "nan", "1e400", "1a", "0x10", "1.5.5", "1 2", "", "\"1\"", "true",
        "[1]", "{}", "null", "12345678901234567890", "-0x1p3", "0.1f", "Infinity", "-NaN",
        "1\u{1}", "1.5\u{1F}", "1.2345678901234567\u{B}",
    ], [0, 20, 39])
    func refused(_ element: String, _ place: Int) {
        for type in [ElementType.float32, .int32] {
            let exchange = Exchange(.echo(type))
            let short = exchange.refusal(JSONDataTests.body(type, "[\(element)]", count: 1))
            var elements = (0..<40).map { "\($0 % 10)" }
            elements[place] = element
            let long = exchange.refusal(
                JSONDataTests.body(type, "[\(elements.joined(separator: ","))]", count: 40))
            // The count and the place differ; an element that is missing or doubled is another fault then.
            guard element != "", element != "1 2" else {
                #expect(long != "accepted")
                continue
            }
            #expect(long == short.replacing("at element 0", with: "at element \(place)"))
        }
    }

    @Test("rows in lists of their own are joined; one that is too short is refused")
    func rows() throws {
        let exchange = Exchange(.echo(.float32, [nil, 20]))
        let row = "[\((0..<20).map { "\($0).5" }.joined(separator: ","))]"
        func body(_ data: String) -> String {
            #"{"inputs":[{"data":\#(data),"shape":[2,20],"datatype":"FP32","name":"in"}]}"#
        }
        try exchange.decode(body("[\(row),\(row)]"))
        let values = (0..<20).map { Float($0) + 0.5 }
        #expect(exchange.elements(0, Float.self) == values + values)
        let short = "[\((0..<19).map { "\($0).5" }.joined(separator: ","))]"
        #expect(exchange.refusal(body("[\(row),\(short)]")).contains("not nested as its shape [2,20]"))
        #expect(exchange.refusal(body("[\(row),\(row),\(row)]")).contains("not nested as its shape [2,20]"))
        #expect(exchange.refusal(body(row)) != "accepted")
    }

    @Test("a shape of more dimensions than there are is counted, however long")
    func longShape() {
        let shape = "[\(Array(repeating: "1", count: 50).joined(separator: ","))]"
        let body = #"{"inputs":[{"data":[1],"shape":\#(shape),"datatype":"FP32","name":"in"}]}"#
        #expect(Exchange(.echo(.float32)).refusal(body).contains("50 dimensions"))
    }

    /// The elements' bytes, or nil when they are refused.
    private func bits(_ type: ElementType, _ data: String, _ count: Int) -> [UInt8]? {
        let exchange = Exchange(.echo(type))
        guard exchange.refusal(JSONDataTests.body(type, data, count: count)) == "accepted" else { return nil }
        return Array(exchange.inputs[0].bytes)
    }
}
