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
}
