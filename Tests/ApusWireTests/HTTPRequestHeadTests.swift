import Testing

@testable import ApusWire

@Suite("HTTP request head")
struct HTTPRequestHeadTests {
    static let infer = """
        POST /v2/models/iris/infer?trace=1 HTTP/1.1\r
        Host: localhost:8080\r
        User-Agent: curl/7.88.1\r
        Accept: */*\r
        Content-Type: application/json\r
        Accept-Encoding: br, gzip;q=0.5, deflate;q=0\r
        X-Request-ID: abc-1/2\r
        Inference-Header-Content-Length: 12\r
        Authorization: Bearer token\r
        Content-Length: 98\r
        \r

        """

    @Test("everything that a request says about itself is read")
    func readsAll() throws {
        let request = try HTTPRequest(Self.infer)
        let head = request.head
        #expect(head.method == .post)
        #expect(head.versionMinor == 1)
        #expect(request.text(head.target) == "/v2/models/iris/infer?trace=1")
        #expect(request.text(head.path) == "/v2/models/iris/infer")
        #expect(request.text(head.query) == "trace=1")
        #expect(head.framing == .length(98))
        #expect(head.keepAlive)
        #expect(!head.expectsContinue)
        #expect(head.contentCoding == .identity)
        #expect(head.acceptedCodings == [.gzip])
        #expect(request.text(head.host) == "localhost:8080")
        #expect(request.text(head.contentType) == "application/json")
        #expect(request.text(head.accept) == "*/*")
        #expect(request.text(head.authorization) == "Bearer token")
        #expect(request.text(head.requestID) == "abc-1/2")
        #expect(head.inferenceHeaderContentLength == 12)
        #expect(head.byteCount == Self.infer.utf8.count)
        #expect(request.value(of: "user-agent") == "curl/7.88.1")
        #expect(request.value(of: "x-none") == nil)
    }

    struct Row<Wanted: Equatable & Sendable>: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let fields: String
        let wanted: Wanted

        init(_ testDescription: String, _ fields: String, _ wanted: Wanted) {
            self.testDescription = testDescription
            self.fields = fields
            self.wanted = wanted
        }
    }

    @Test(
        "the body is framed by what the fields say",
        arguments: [
            Row("nothing", "X: y", HTTPFraming.none),
            Row("a length", "Content-Length: 5", .length(5)),
            Row("a length of zero", "Content-Length: 0", .length(0)),
            Row("the largest length", "Content-Length: 9223372036854775807", .length(.max)),
            Row("space around a length", "Content-Length:\t 5 \t", .length(5)),
            Row("chunks", "Transfer-Encoding: chunked", .chunked),
            Row("chunks in another case", "tRANSFER-eNCODING: CHUNKED", .chunked),
        ])
    func framing(_ row: Row<HTTPFraming>) throws {
        #expect(try HTTPRequest(fields: row.fields).head.framing == row.wanted)
    }

    @Test(
        "HTTP/1.1 keeps the connection unless told to close",
        arguments: [
            Row("nothing said", "X: y", true),
            Row("close", "Connection: close", false),
            Row("close in another case", "connection: CLOSE", false),
            Row("close within a list", "Connection: foo, close ,bar", false),
            Row("close on a second line", "Connection: keep-alive\r\nConnection: close", false),
            Row("close and keep-alive", "Connection: close, keep-alive", false),
            Row("a word that holds close", "Connection: closed", true),
            Row("upgrade", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c", true),
        ])
    func persistence(_ row: Row<Bool>) throws {
        #expect(try HTTPRequest(fields: row.fields).head.keepAlive == row.wanted)
    }

    @Test(
        "HTTP/1.0 closes the connection unless told to keep it",
        arguments: [
            Row("nothing said", "X: y", false),
            Row("keep-alive", "Connection: Keep-Alive", true),
            Row("keep-alive and close", "Connection: keep-alive, close", false),
        ])
    func persistenceOfHTTP10(_ row: Row<Bool>) throws {
        let request = try HTTPRequest("GET / HTTP/1.0\r\n\(row.fields)\r\n\r\n")
        #expect(request.head.versionMinor == 0)
        #expect(request.head.host == nil)
        #expect(request.head.keepAlive == row.wanted)
    }

    @Test(
        "100-continue is expected only with a body",
        arguments: [
            Row("with a length", "Content-Length: 1\r\nExpect: 100-continue", true),
            Row("with chunks", "Expect: 100-Continue\r\nTransfer-Encoding: chunked", true),
            Row(
                "said twice", "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1",
                true),
            Row("with a length of zero", "Content-Length: 0\r\nExpect: 100-continue", false),
            Row("without a body", "Expect: 100-continue", false),
            Row("not said", "Content-Length: 1", false),
        ])
    func expectation(_ row: Row<Bool>) throws {
        #expect(try HTTPRequest(fields: row.fields).head.expectsContinue == row.wanted)
    }

    @Test("HTTP/1.0 expectations are ignored, known or not")
    func expectationOfHTTP10() throws {
        for value in ["100-continue", "x"] {
            let request = try HTTPRequest(
                "PUT / HTTP/1.0\r\nContent-Length: 1\r\nExpect: \(value)\r\n\r\n")
            #expect(!request.head.expectsContinue)
        }
    }

    @Test(
        "the accepted codings are those with a weight above zero",
        arguments: [
            Row("nothing said", "X: y", HTTPAcceptedCodings()),
            Row("gzip", "Accept-Encoding: gzip", .gzip),
            Row("its old name, in capitals", "Accept-Encoding: X-GZIP", .gzip),
            Row("both", "Accept-Encoding: deflate,gzip", [.gzip, .deflate]),
            Row(
                "on two lines", "Accept-Encoding: deflate\r\nAccept-Encoding: gzip",
                [.gzip, .deflate]),
            Row("weights", "Accept-Encoding: gzip;q=0.001 , deflate ; Q=1.000", [.gzip, .deflate]),
            Row("zero", "Accept-Encoding: gzip;q=0, deflate;q=0.000", []),
            Row("zero with a point", "Accept-Encoding: gzip;q=0.", []),
            Row("anything", "Accept-Encoding: *", [.gzip, .deflate]),
            Row("anything but gzip", "Accept-Encoding: *, gzip;q=0", .deflate),
            Row("gzip before nothing else", "Accept-Encoding: gzip, *;q=0", .gzip),
            Row("identity", "Accept-Encoding: identity", []),
            Row("others", "Accept-Encoding: br, zstd, gzipped", []),
            Row("empty", "Accept-Encoding:", []),
            Row("empty elements", "Accept-Encoding: ,, gzip ,", .gzip),
            Row("a weight that is none", "Accept-Encoding: gzip;q=x, deflate;q=", []),
            Row("another parameter", "Accept-Encoding: gzip;v=1", []),
            Row("a weight of too many digits", "Accept-Encoding: gzip;q=0.12345", []),
            Row("a weight with junk", "Accept-Encoding: gzip;q=0x5, deflate;q=1.0a", []),
            Row("a semicolon alone", "Accept-Encoding: gzip;", []),
        ] as [Row<HTTPAcceptedCodings>])
    func acceptedCodings(_ row: Row<HTTPAcceptedCodings>) throws {
        #expect(try HTTPRequest(fields: row.fields).head.acceptedCodings == row.wanted)
    }

    @Test(
        "the body's coding is one that we have, or unknown",
        arguments: [
            Row("nothing said", "X: y", HTTPContentCoding.identity),
            Row("identity", "Content-Encoding: Identity", .identity),
            Row("gzip", "Content-Encoding: gzip", .gzip),
            Row("x-gzip", "Content-Encoding: x-gzip", .gzip),
            Row("deflate", "Content-Encoding: DEFLATE", .deflate),
            Row("another", "Content-Encoding: br", .unknown),
            Row("two", "Content-Encoding: gzip, gzip", .unknown),
            Row("two lines", "Content-Encoding: gzip\r\nContent-Encoding: gzip", .unknown),
            Row("empty", "Content-Encoding:", .unknown),
        ])
    func contentCoding(_ row: Row<HTTPContentCoding>) throws {
        #expect(try HTTPRequest(fields: row.fields).head.contentCoding == row.wanted)
    }

    @Test(
        "a request id is taken when it is safe to echo",
        arguments: [
            Row("all characters", "X-Request-ID: aZ09._:/+=@-", "aZ09._:/+=@-"),
            Row(
                "128 bytes", "X-Request-ID: " + String(repeating: "x", count: 128),
                String(repeating: "x", count: 128)),
            Row("129 bytes", "X-Request-ID: " + String(repeating: "x", count: 129), nil),
            Row("empty", "X-Request-ID:", nil),
            Row("a space", "X-Request-ID: a b", nil),
            Row("a quote", "X-Request-ID: a\"", nil),
            Row("markup", "X-Request-ID: <b>", nil),
            Row("a byte above ASCII", "X-Request-ID: ä", nil),
            Row("two: the first", "X-Request-ID: a\r\nX-Request-ID: b", "a"),
        ] as [Row<String?>])
    func requestID(_ row: Row<String?>) throws {
        let request = try HTTPRequest(fields: row.fields)
        #expect(request.text(request.head.requestID) == row.wanted)
    }

    struct TargetRow: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var method = "GET"
        let target: String
        var host = "h"
        let path: String
        var query: String?
    }

    @Test(
        "a target is taken apart in each of its forms",
        arguments: [
            TargetRow(testDescription: "root", target: "/", path: "/"),
            TargetRow(testDescription: "empty query", target: "/x?", path: "/x", query: nil),
            TargetRow(
                testDescription: "two question marks", target: "/x?a?b", path: "/x", query: "a?b"),
            TargetRow(testDescription: "slashes only", target: "//", path: "//"),
            TargetRow(testDescription: "dots", target: "/a/../b", path: "/a/../b"),
            TargetRow(
                testDescription: "every delimiter", target: "/!$&'()*+,;=:@~-._",
                path: "/!$&'()*+,;=:@~-._"),
            TargetRow(
                testDescription: "what browsers leave", target: "/?[]^`{|}", path: "/",
                query: "[]^`{|}"),
            TargetRow(
                testDescription: "escapes", target: "/a%20b%7f?%ff", path: "/a%20b%7f", query: "%ff"
            ),
            TargetRow(testDescription: "absolute", target: "http://h/x?y", path: "/x", query: "y"),
            TargetRow(testDescription: "absolute, in capitals", target: "HTTP://H/x", path: "/x"),
            TargetRow(
                testDescription: "absolute, TLS ended in front", target: "https://h/x", path: "/x"),
            TargetRow(testDescription: "absolute without path", target: "http://h", path: ""),
            TargetRow(
                testDescription: "absolute, query only", target: "http://h?y", path: "", query: "y"),
            TargetRow(
                testDescription: "absolute, address", target: "http://[::1]:80/", host: "[::1]:80",
                path: "/"),
            TargetRow(testDescription: "asterisk", method: "OPTIONS", target: "*", path: "*"),
        ])
    func targets(_ row: TargetRow) throws {
        let request = try HTTPRequest(
            "\(row.method) \(row.target) HTTP/1.1\r\nHost: \(row.host)\r\n\r\n")
        #expect(request.text(request.head.target) == row.target)
        #expect(request.text(request.head.path) == row.path)
        #expect(request.text(request.head.query) ?? "" == row.query ?? "")
    }

    @Test("an empty query is not a query that is missing")
    func emptyQuery() throws {
        let empty = try HTTPRequest("GET /x? HTTP/1.1\r\nHost: h\r\n\r\n")
        let missing = try HTTPRequest("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(missing.head.query == nil)
        #expect(empty.head.query?.isEmpty == true)
    }

    @Test(
        "hosts of every kind are accepted",
        arguments: [
            "h", "example.com", "127.0.0.1:8080", "h:", "h:0", "h:65535", "my_service.local",
            "[::1]", "[::ffff:1.2.3.4]:1",
            "EXAMPLE", "a-b.c~d",
        ])
    func hosts(_ host: String) throws {
        let request = try HTTPRequest("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(request.text(request.head.host) == host)
    }

    @Test("every method is recognised by its name", arguments: HTTPMethod.allCases)
    func methods(_ method: HTTPMethod) throws {
        guard method != .connect else { return }
        #expect(
            try HTTPRequest("\(method.name) / HTTP/1.1\r\nHost: h\r\n\r\n").head.method == method)
    }

    @Test("every field that we know is recognised in any case", arguments: HTTPField.allCases)
    func fields(_ field: HTTPField) {
        for name in [field.name.description, field.name.description.uppercased()] {
            #expect(Array(name.utf8).withUnsafeBytes { HTTPField($0) } == field)
        }
        let near = Array(field.name.description.utf8.dropLast()) + [UInt8(ascii: "~")]
        #expect(near.withUnsafeBytes { HTTPField($0) } == nil)
    }

    @Test("one empty line may stand before a request")
    func leadingEmptyLine() throws {
        let request = try HTTPRequest("\r\nGET /x HTTP/1.1\r\nHost: h\r\nY: z\r\n\r\n")
        #expect(request.text(request.head.path) == "/x")
        #expect(request.head.byteCount == request.bytes.count)
        #expect(request.value(of: "y") == "z")
    }

    @Test("values keep what they may hold, without the white space around them")
    func values() throws {
        let request = try HTTPRequest(
            fields: "Empty:\r\nBlank: \t \r\nTab:\ta\tb \t\r\nHigh: é\r\nColon: a:b\r\nTab: 2")
        #expect(request.value(of: "empty") == "")
        #expect(request.value(of: "blank") == "")
        #expect(request.value(of: "tab") == "a\tb")
        #expect(request.value(of: "high") == "é")
        #expect(request.value(of: "colon") == "a:b")
        #expect(request.value(of: "host") == "h")
        #expect(request.value(of: "hos") == nil)
    }

    @Test("names with an underscore are carried unless they would be one of ours")
    func underscores() throws {
        let request = try HTTPRequest(fields: "X_Trace: 1\r\nAfter: 2")
        #expect(request.value(of: "after") == "2")
        #expect(throws: HTTPParseError.underscoreInName(.requestID)) {
            try HTTPRequest(fields: "X_Request_ID: 1")
        }
    }

    @Test("a Host in HTTP/1.0 is read, and none is needed")
    func hostOfHTTP10() throws {
        let request = try HTTPRequest("GET http://a/ HTTP/1.0\r\n\r\n")
        #expect(request.head.host == nil)
    }
}
