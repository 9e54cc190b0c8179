import Testing

@testable import ApusWire

@Suite("HTTP chunked bodies")
struct HTTPChunkedDecoderTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let wire: String
        let body: String

        init(_ testDescription: String, _ wire: String, _ body: String) {
            self.testDescription = testDescription
            self.wire = wire
            self.body = body
        }
    }

    static let rows = [
        Row("nothing", "0\r\n\r\n", ""),
        Row("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        Row("several chunks", "1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n", "hello"),
        Row(
            "digits in both cases", "A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
            "01234567890123456789a"),
        Row("leading zeros, 16 digits", "0000000000000001\r\nx\r\n0000000000000000\r\n\r\n", "x"),
        Row("data that looks like chunks", "7\r\n0\r\n\r\nhi\r\n0\r\n\r\n", "0\r\n\r\nhi"),
        Row("an extension without value", "1;a\r\nx\r\n0\r\n\r\n", "x"),
        Row("extensions with values", "1;a=b;c=d\r\nx\r\n0;e=f\r\n\r\n", "x"),
        Row("a quoted value", "1;a=\"b;\\\"c\\\\=\td\"\r\nx\r\n0\r\n\r\n", "x"),
        Row("an empty quoted value", "1;a=\"\";b\r\nx\r\n0\r\n\r\n", "x"),
        Row(
            "white space where RFC 9112 §7.1.1 lets it be",
            "1; a \t= b ; c = \"d\" ;e\r\nx\r\n0\r\n\r\n", "x"),
        Row("a trailer", "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n", "x"),
        Row("trailers, one empty, one above ASCII", "0\r\nA:\r\nB: é\t\r\n\r\n", ""),
        Row(
            "a trailer whose name only begins like a forbidden one",
            "0\r\nHosts: x\r\nContent-Lengths: 1\r\n\r\n", ""),
        Row(
            "a trailer with a name of 40 bytes",
            "0\r\n\(String(repeating: "n", count: 40)): x\r\n\r\n", ""),
    ]

    static func decode(_ wire: ArraySlice<UInt8>) throws(HTTPParseError) -> (
        body: [UInt8], used: Int, isDone: Bool
    ) {
        let memory = GuardedBytes(Array(wire))
        let bytes = memory.copy(wire)
        var decoder = ChunkedDecoder(bodyLimit: 100, limits: HTTPLimits())
        var body: [UInt8] = []
        var position = 0
        while true {
            switch try decoder.next(bytes, &position) {
            case .data(let range): body += bytes[range]
            case .incomplete: return (body, position, false)
            case .done: return (body, position, true)
            }
        }
    }

    @Test("the data comes out, and nothing after the end is touched", arguments: rows)
    func decodes(_ row: Row) throws {
        let decoded = try Self.decode(Array((row.wire + "GET").utf8)[...])
        #expect(decoded.isDone)
        #expect(String(decoding: decoded.body, as: UTF8.self) == row.body)
        #expect(decoded.used == row.wire.utf8.count)
    }

    @Test("every beginning gives what it holds of the data, and waits", arguments: rows)
    func everyBeginning(_ row: Row) throws {
        let wire = Array(row.wire.utf8)
        for end in 0..<wire.count {
            let decoded = try Self.decode(wire[..<end])
            #expect(!decoded.isDone)
            #expect(decoded.used == end)
            #expect(row.body.utf8.starts(with: decoded.body))
        }
    }

    @Test("wherever it is cut, and byte by byte, the same data comes out", arguments: rows)
    func everyCut(_ row: Row) {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        let bytes = Array((head + row.wire).utf8)
        for cut in head.utf8.count...bytes.count {
            let transcript = HTTPTranscript.read(bytes, cutAt: [cut])
            #expect(transcript.requests.first?.body == Array(row.body.utf8), "cut \(cut)")
            #expect(transcript.ending == .idle, "cut \(cut)")
        }
        let transcript = HTTPTranscript.read(bytes, cutAt: Array(0..<bytes.count))
        #expect(transcript.requests.first?.body == Array(row.body.utf8))
    }

    @Test("the sizes are summed before their data has come")
    func bodyByteCount() throws {
        var decoder = ChunkedDecoder(bodyLimit: 100, limits: HTTPLimits())
        var position = 0
        let bytes = Array("5\r\nhe".utf8)
        let step = try bytes.withUnsafeBytes { try decoder.next($0, &position) }
        #expect(step == .data(3..<5))
        #expect(decoder.bodyByteCount == 5)
    }
}
