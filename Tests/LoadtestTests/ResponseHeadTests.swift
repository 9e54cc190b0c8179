import Testing

@testable import LoadtestCore

@Suite("Response head")
struct ResponseHeadTests {
    static func parse(_ text: String) -> HeadStep {
        Array(text.utf8).withUnsafeBytes(ResponseHead.parse)
    }

    static let whole =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer-Timing: queue;dur=1\r\nConnection: Keep-Alive\r\n\r\n"

    @Test("wherever the head is cut, it is incomplete until its empty line, and then the same")
    func everyCut() {
        let bytes = Array(Self.whole.utf8)
        for cut in 0..<bytes.count {
            #expect(bytes[..<cut].withUnsafeBytes(ResponseHead.parse) == .incomplete, "cut \(cut)")
        }
        guard case .head(let head) = Self.parse(Self.whole + "hello") else {
            Issue.record("no head")
            return
        }
        #expect(head.status == 200)
        #expect(head.byteCount == bytes.count)
        #expect(head.framing == .length(5))
        #expect(!head.closes)
        let value = String(decoding: bytes[head.serverTiming], as: UTF8.self)
        #expect(value == "queue;dur=1")
    }

    struct Framing: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let fields: String
        let framing: ResponseHead.Framing
        let closes: Bool
    }

    @Test(
        "the body's end is found by the rules of RFC 9112 §6.3",
        arguments: [
            Framing(
                testDescription: "a length", fields: "200 OK\r\ncontent-LENGTH:  12 \r\n",
                framing: .length(12), closes: false),
            Framing(
                testDescription: "chunked", fields: "200 OK\r\nTransfer-Encoding: Chunked\r\n",
                framing: .chunked, closes: false),
            Framing(
                testDescription: "neither: to the end of the connection", fields: "200 OK\r\n",
                framing: .untilClose, closes: true),
            Framing(
                testDescription: "204 has no body", fields: "204 No Content\r\n",
                framing: .length(0),
                closes: false),
            Framing(
                testDescription: "the server closes",
                fields: "503 x\r\nContent-Length: 1\r\nConnection: close\r\n",
                framing: .length(1), closes: true),
        ])
    func framing(_ row: Framing) {
        guard case .head(let head) = Self.parse("HTTP/1.1 \(row.fields)\r\n") else {
            Issue.record("no head")
            return
        }
        #expect(head.framing == row.framing)
        #expect(head.closes == row.closes)
    }

    @Test("HTTP/1.0 closes unless it says otherwise")
    func oldVersion() {
        guard case .head(let head) = Self.parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
        else {
            Issue.record("no head")
            return
        }
        #expect(head.closes)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let error: MalformedAnswer
    }

    @Test(
        "what is no HTTP answer is refused",
        arguments: [
            Refusal(
                testDescription: "another protocol", text: "SSH-2.0-OpenSSH_9.2\r\n",
                error: .notHTTP),
            Refusal(
                testDescription: "another protocol, at its first byte", text: "S", error: .notHTTP),
            Refusal(
                testDescription: "HTTP/2's preface", text: "HTTP/2.0 200 OK\r\n\r\n",
                error: .notHTTP),
            Refusal(
                testDescription: "a status in letters", text: "HTTP/1.1 abc OK\r\n\r\n",
                error: .badStatus),
            Refusal(
                testDescription: "a length that is no number",
                text: "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", error: .badLength),
            Refusal(
                testDescription: "two lengths that differ",
                text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                error: .badLength),
            Refusal(
                testDescription: "a length and chunks",
                text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
                error: .conflictingFraming),
            Refusal(
                testDescription: "an unknown coding",
                text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                error: .badLength),
        ])
    func refuses(_ row: Refusal) {
        #expect(Self.parse(row.text) == .malformed(row.error))
    }
}

@Suite("Chunked body")
struct ChunkedBodyTests {
    static let wire = Array("5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n".utf8)

    @Test("wherever the stream is cut, the body comes out whole and ends at the same byte")
    func everyCut() throws {
        for cut in 0...Self.wire.count {
            var body: [UInt8] = []
            var chunks = ChunkedBody()
            var end: Int?
            for part in [Self.wire[..<cut], Self.wire[cut...]] where end == nil {
                end = try part.withUnsafeBytes { try chunks.consume($0) { body += Array($0) } }
                    .map { $0 + part.startIndex }
            }
            #expect(String(decoding: body, as: UTF8.self) == "hello world", "cut \(cut)")
            #expect(end == Self.wire.count, "cut \(cut)")
        }
    }

    @Test(
        "a size that is no number is refused",
        arguments: ["x\r\n", "\r\n", "ffffffffffffffffff\r\n"])
    func refuses(_ text: String) {
        var chunks = ChunkedBody()
        #expect(throws: MalformedAnswer.badChunk) {
            try Array(text.utf8).withUnsafeBytes { try chunks.consume($0) { _ in } }
        }
    }
}
