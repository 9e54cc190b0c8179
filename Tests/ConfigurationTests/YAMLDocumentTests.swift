import ApusConfiguration
import ApusModel
import ApusWire
import Testing

@Suite("YAML beside a model")
struct YAMLDocumentTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let value: JSONValue
    }

    static let rows = [
        Row(testDescription: "plain scalars are what they look like",
            text: "[1, -2, 2.5, 1e3, true, null, ~, yes, inf, 0x1p3, 1.2.3, .inf]",
            value: .array([
                .integer(1), .integer(-2), .number(2.5), .number(1000), .bool(true), .null, .null, .string("yes"),
                .string("inf"), .string("0x1p3"), .string("1.2.3"), .number(.infinity),
            ])),
        Row(testDescription: "quoted scalars are texts", text: "['1', \"true\", 'null']",
            value: .array([.string("1"), .string("true"), .string("null")])),
        Row(testDescription: "a text over several lines", text: "a: 'b\n  c'", value: .object([("a", .string("b c"))])),
        Row(testDescription: "an alias", text: "a: &x [1]\nb: *x",
            value: .object([("a", .array([.integer(1)])), ("b", .array([.integer(1)]))])),
        Row(testDescription: "nothing", text: "# nothing\n", value: .null),
    ]

    @Test("becomes plain values", arguments: rows)
    func reads(_ row: Row) throws {
        #expect(try YAMLDocument.read(row.text) == row.value)
    }

    @Test("aliases cannot make a small text a large document")
    func bounded() {
        var text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
        for level in 1..<9 {
            let list = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            text += "a\(level): &a\(level) [\(list)]\n"
        }
        #expect(throws: YAMLFault("it has more than 100000 values")) { try YAMLDocument.read(text) }
    }

    @Test("nesting has an end")
    func depth() {
        let text = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(throws: YAMLFault("it is deeper than 32 levels")) { try YAMLDocument.read(text) }
    }

    @Test("what is no YAML is refused with its line")
    func refuses() {
        let error = #expect(throws: YAMLFault.self) { try YAMLDocument.read("a: [1\nb: 2") }
        #expect(error?.description.hasPrefix("line 2 is no YAML") == true)
    }
}
