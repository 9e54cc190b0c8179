import Testing

@testable import ApusWire

/// What just fits is read; one more is refused.
@Suite("HTTP limits")
struct HTTPLimitsTests {
    static func error(
        _ stream: String, bodyLimit: Int = 1 << 20, limits: HTTPLimits = HTTPLimits()
    ) -> HTTPParseError? {
        let bytes = Array(stream.utf8)
        let whole = HTTPTranscript.read(bytes, limits: limits, bodyLimit: bodyLimit)
        let thirds = [bytes.count / 3, bytes.count * 2 / 3]
        let cut = HTTPTranscript.read(bytes, cutAt: thirds, limits: limits, bodyLimit: bodyLimit)
        #expect(whole.error == cut.error)
        if whole.error == nil { #expect(whole.ending == .idle) }
        return whole.error
    }

    static func get(targetByteCount count: Int) -> String {
        "GET /" + String(repeating: "x", count: count - 1) + " HTTP/1.1\r\nHost: h\r\n\r\n"
    }

    static func head(byteCount: Int) -> String {
        let start = "GET / HTTP/1.1\r\nHost: h\r\nX: "
        return start + String(repeating: "x", count: byteCount - start.utf8.count - 4) + "\r\n\r\n"
    }

    static func chunked(_ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    }

    @Test("a target of 8000 bytes is read, one of 8001 is 414")
    func target() {
        #expect(Self.error(Self.get(targetByteCount: 8000)) == nil)
        #expect(Self.error(Self.get(targetByteCount: 8001)) == .targetTooLong(limit: 8000))
        #expect(HTTPParseError.targetTooLong(limit: 8000).status == 414)
    }

    @Test("a line without an end is refused when it cannot be a request line any more")
    func endlessLine() {
        #expect(
            Self.error("GET /" + String(repeating: "x", count: 9000)) == .targetTooLong(limit: 8000)
        )
        #expect(Self.error(String(repeating: "M", count: 9000)) == .methodTooLong(limit: 32))
        #expect(Self.error("M(" + String(repeating: "x", count: 9000)) == .malformedRequestLine)
    }

    @Test("a head of 16 KiB is read, one of a byte more is 431")
    func head() {
        #expect(Self.error(Self.head(byteCount: 16384)) == nil)
        #expect(Self.error(Self.head(byteCount: 16385)) == .headTooLarge(limit: 16384))
        #expect(
            Self.error("GET / HTTP/1.1\r\n" + String(repeating: "x", count: 16400))
                == .headTooLarge(limit: 16384))
        #expect(HTTPParseError.headTooLarge(limit: 16384).status == 431)
    }

    @Test("100 fields are read, 101 are 431")
    func fields() {
        let start = "GET / HTTP/1.1\r\nHost: h\r\n"
        #expect(Self.error(start + String(repeating: "X: y\r\n", count: 99) + "\r\n") == nil)
        #expect(
            Self.error(start + String(repeating: "X: y\r\n", count: 100) + "\r\n")
                == .tooManyFields(limit: 100))
        #expect(HTTPParseError.tooManyFields(limit: 100).status == 431)
    }

    @Test("a method of 32 bytes is unknown, one of 33 too long; both are 501")
    func method() {
        let rest = " / HTTP/1.1\r\nHost: h\r\n\r\n"
        #expect(Self.error(String(repeating: "M", count: 32) + rest) == .unknownMethod)
        #expect(Self.error(String(repeating: "M", count: 33) + rest) == .methodTooLong(limit: 32))
    }

    @Test("1 KiB of chunk extensions is read, in all chunks together")
    func chunkExtensions() {
        let half = ";" + String(repeating: "e", count: 511)
        #expect(Self.error(Self.chunked("1\(half)\r\nx\r\n0\(half)\r\n\r\n")) == nil)
        #expect(
            Self.error(Self.chunked("1\(half)\r\nx\r\n0\(half)e\r\n\r\n"))
                == .chunkExtensionsTooLarge(limit: 1024))
        #expect(
            Self.error(Self.chunked("1\(half)\r\nx\r\n1\(half)\r\nx\r\n0;\r\n\r\n"))
                == .chunkExtensionsTooLarge(limit: 1024))
    }

    @Test("8 KiB of trailers is read, a byte more is 431")
    func trailers() {
        let fits = "X: " + String(repeating: "y", count: 8192 - 3 - 4) + "\r\n\r\n"
        #expect(Self.error(Self.chunked("0\r\n" + fits)) == nil)
        #expect(Self.error(Self.chunked("0\r\nX" + fits)) == .trailersTooLarge(limit: 8192))
        #expect(HTTPParseError.trailersTooLarge(limit: 8192).status == 431)
    }

    @Test("the chunks together have the body's limit, judged by the size before the data")
    func body() {
        #expect(Self.error(Self.chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), bodyLimit: 5) == nil)
        #expect(
            Self.error(Self.chunked("3\r\nabc\r\n3\r\n"), bodyLimit: 5) == .bodyTooLarge(limit: 5))
        #expect(Self.error(Self.chunked("1\r\n"), bodyLimit: 0) == .bodyTooLarge(limit: 0))
        #expect(
            Self.error(Self.chunked("7fffffffffffffff\r\n"), bodyLimit: .max - 1)
                == .bodyTooLarge(limit: .max - 1))
        #expect(HTTPParseError.bodyTooLarge(limit: 5).status == 413)
    }

    @Test("a body of no limit does not overflow")
    func hugeBody() {
        let stream = Array(Self.chunked("1\r\nx\r\n7fffffffffffffff\r\n").utf8)
        #expect(HTTPTranscript.read(stream, bodyLimit: .max).error == .bodyTooLarge(limit: .max))
    }
}
