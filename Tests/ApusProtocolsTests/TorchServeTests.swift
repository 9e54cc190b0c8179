import ApusProtocols
import ApusWire
import Testing

@Suite("TorchServe")
struct TorchServeTests {
    static func exchange() -> Exchange { Exchange(.iris, TorchServeCodec(PredictCodec(schema: .iris))) }

    static let json = #"{"X":[5,3.5,1,0.25]}"#

    /// A form as curl writes it, of parts with a head and a content.
    static func form(_ parts: [(head: String, content: String)], end: String = "--X--\r\n") -> String {
        parts.map { "--X\r\n\($0.head)\r\n\r\n\($0.content)\r\n" }.joined() + end
    }

    static func part(_ name: String, _ content: String = json) -> (head: String, content: String) {
        ("Content-Disposition: form-data; name=\"\(name)\"; filename=\"row.json\"\r\nContent-Type: application/json", content)
    }

    @Test("takes a body of JSON, and a form with JSON in its part 'data', 'body' or its only one", arguments: [
        json, form([part("data")]), form([part("model", "x"), part("data")]), form([part("body"), part("more", "")]),
        form([part("file")]), form([("content-disposition: form-data; name=data", json)]), form([("", json)]),
        form([part("note", "Here --X is no boundary\r\n--Y"), part("data")]), form([part("data")], end: "--X--"),
    ])
    func taken(_ body: String) throws {
        let exchange = Self.exchange()
        try exchange.decode(body)
        #expect(exchange.elements(0, Float.self) == [5, 3.5, 1, 0.25])
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let body: String
        let part: String
    }

    @Test("a form that is none is refused, and the sentence says why", arguments: [
        Refused(testDescription: "no line", body: "--", part: "does not begin with a line"),
        Refused(testDescription: "a boundary that is too long", body: "--" + String(repeating: "a", count: 71) + "\r\n",
                part: "does not begin with a line"),
        Refused(testDescription: "no part", body: "--X--\r\n", part: "no end of its head"),
        Refused(testDescription: "something behind a boundary", body: form([part("data")], end: "--Xa"),
                part: "something behind a boundary"),
        Refused(testDescription: "no end of a head", body: "--X\r\nname: \(String(repeating: "a", count: 5000))",
                part: "no end of its head within 4096 bytes"),
        Refused(testDescription: "no boundary behind a part", body: form([part("data")], end: ""), part: "no boundary behind it"),
        Refused(testDescription: "parts by other names", body: form([part("a"), part("b")]),
                part: "has 2 parts and none is called 'data'"),
        Refused(testDescription: "seventeen parts", body: form((0..<17).map { part("\($0)") }), part: "more than 16 parts"),
        Refused(testDescription: "an empty part", body: form([part("data", "")]), part: "JSON"),
        Refused(testDescription: "a part that the model does not take", body: form([part("data", #"{"X":[1]}"#)]),
                part: "input 'X' has 1 elements; its shape needs 4"),
    ])
    func refused(_ row: Refused) {
        let sentence = Self.exchange().refusal(row.body)
        #expect(sentence.contains(row.part), "\(sentence)")
    }

    @Test("a form cut anywhere before its last boundary is refused, whatever is left of it")
    func cuts() {
        let body = Array(Self.form([Self.part("data")]).utf8)
        for count in 1..<body.count - 4 {
            let cut = String(decoding: body.prefix(count), as: UTF8.self)
            #expect(Self.exchange().refusal(cut) != "accepted", "\(count)")
        }
    }
}
