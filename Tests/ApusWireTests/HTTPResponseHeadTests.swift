import Foundation
import Testing

@testable import ApusWire

@Suite("HTTP response head")
struct HTTPResponseHeadTests {
    /// What `write` appends to memory that ends at a guarded page; exactly as much as the head says
    /// it needs.
    static func write(_ head: HTTPResponseHead) -> String {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: head.byteCountLimit, alignment: 1)
        defer { memory.deallocate() }
        var cursor = ByteCursor(memory)
        head.write(into: &cursor)
        return String(decoding: cursor.written, as: UTF8.self)
    }

    @Test("an answer of a model has every field that clients read")
    func everything() {
        var head = HTTPResponseHead(status: 200)
        head.contentLength = 1234
        head.contentType = UnsafeRawBufferPointer("application/octet-stream")
        head.contentEncoding = .gzip
        head.variesByEncoding = true
        head.inferenceHeaderContentLength = 120
        head.date = UnsafeRawBufferPointer("Sun, 06 Nov 1994 08:49:37 GMT")
        head.requestID = UnsafeRawBufferPointer("abc-1")
        head.model = UnsafeRawBufferPointer("iris/3")
        head.serverTiming = ServerTiming(
            queue: 7, decode: 1234, batch: 0, compute: 1_000_001, encode: 999)
        #expect(
            Self.write(head) == """
                HTTP/1.1 200 OK\r
                content-type: application/octet-stream\r
                content-length: 1234\r
                content-encoding: gzip\r
                vary: accept-encoding\r
                inference-header-content-length: 120\r
                date: Sun, 06 Nov 1994 08:49:37 GMT\r
                x-request-id: abc-1\r
                x-apus-model: iris/3\r
                server-timing: queue;dur=0.007, decode;dur=1.234, batch;dur=0.000, compute;dur=1000.001, encode;dur=0.999\r
                \r

                """)
    }

    @Test("a refusal says when to come back, what is allowed, and that the connection ends")
    func refusals() {
        var head = HTTPResponseHead(status: 503)
        head.retryAfter = 2
        head.connection = .close
        head.contentLength = 0
        #expect(
            Self.write(head)
                == "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 2\r\nconnection: close\r\n\r\n"
        )
        head = HTTPResponseHead(status: 405)
        head.allow = UnsafeRawBufferPointer("GET, HEAD")
        head.connection = .keepAlive
        #expect(
            Self.write(head)
                == "HTTP/1.1 405 Method Not Allowed\r\nallow: GET, HEAD\r\nconnection: keep-alive\r\n\r\n"
        )
        head = HTTPResponseHead(status: 415)
        head.listsCodings = true
        head.contentEncoding = .deflate
        #expect(
            Self.write(head)
                == "HTTP/1.1 415 Unsupported Media Type\r\ncontent-encoding: deflate\r\naccept-encoding: gzip, deflate\r\n\r\n"
        )
    }

    @Test("a page may load nothing from elsewhere, and is shown in no frame")
    func page() {
        var head = HTTPResponseHead(status: 200)
        head.isPage = true
        let text = Self.write(head)
        #expect(text.contains("\r\ncontent-security-policy: default-src 'none'; "))
        #expect(text.contains("; frame-ancestors 'none'\r\nx-content-type-options: nosniff\r\n"))
        #expect(!Self.write(HTTPResponseHead(status: 200)).contains("security"))
    }

    @Test("a status that nobody has named still has its space")
    func unnamedStatus() {
        #expect(Self.write(HTTPResponseHead(status: 299)) == "HTTP/1.1 299 \r\n\r\n")
    }

    @Test("every status that a refusal has is named", arguments: HTTPRefusedTests.rows)
    func named(_ row: HTTPRefusedTests.Row) {
        #expect(!UnsafeRawBufferPointer(HTTPStatus.reason(row.status)).isEmpty)
    }

    @Test("no text from outside begins a line of its own")
    func injection() {
        let evil = Array("a\r\nset-cookie: x\0\u{7F}é".utf8)
        evil.withUnsafeBytes { evil in
            var head = HTTPResponseHead(status: 200)
            head.requestID = evil
            head.model = evil
            #expect(
                Self.write(head) == """
                    HTTP/1.1 200 OK\r
                    x-request-id: a??set-cookie: x??é\r
                    x-apus-model: a??set-cookie: x??é\r
                    \r

                    """)
        }
    }

    @Test("the largest head fits in what it asks for")
    func largest() {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 5000)
        long.withUnsafeBytes { long in
            var head = HTTPResponseHead(status: 431)
            head.contentLength = .max
            head.contentType = long
            head.contentEncoding = .deflate
            head.variesByEncoding = true
            head.isPage = true
            head.listsCodings = true
            head.inferenceHeaderContentLength = .max
            head.date = long
            head.requestID = long
            head.model = long
            head.serverTiming = ServerTiming(
                queue: .max, decode: .max, batch: .max, compute: .max, encode: .max)
            head.retryAfter = .max
            head.allow = long
            head.connection = .keepAlive
            #expect(Self.write(head).utf8.count <= head.byteCountLimit)
        }
    }

    @Test("times that ran backwards are shown as zero")
    func negativeTimes() {
        var head = HTTPResponseHead(status: 200)
        head.serverTiming = ServerTiming(queue: -1, decode: 0, batch: 0, compute: 0, encode: 0)
        #expect(Self.write(head).contains("queue;dur=0.000,"))
    }

    static func date(_ seconds: Int) -> String {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: HTTPDate.byteCount, alignment: 1)
        defer { memory.deallocate() }
        var cursor = ByteCursor(memory)
        HTTPDate.write(unixSeconds: seconds, into: &cursor)
        #expect(cursor.byteCount == HTTPDate.byteCount)
        return String(decoding: cursor.written, as: UTF8.self)
    }

    @Test(
        "dates are written as RFC 9110 §5.6.7 wants them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ])
    func dates(_ seconds: Int, _ text: String) { #expect(Self.date(seconds) == text) }

    @Test("dates agree with the system's calendar")
    func datesAgree() {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var source = SplitMix(state: 1970)
        for _ in 0..<2000 {
            let seconds = source.below(253_402_300_800)
            #expect(
                Self.date(seconds)
                    == format.string(from: Date(timeIntervalSince1970: Double(seconds))))
        }
    }
}
