import Testing

@testable import ApusWire

/// The requests of HARDENING's table that are refused for their bytes, each with its section.
@Suite("HTTP refused requests")
struct HTTPRefusedTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let request: String
        let error: HTTPParseError
        let status: Int

        init(
            _ testDescription: String, _ request: String, _ error: HTTPParseError,
            _ status: Int = 400
        ) {
            self.testDescription = testDescription
            self.request = request
            self.error = error
            self.status = status
        }

        /// A request with a body of five bytes and these field lines.
        static func fields(
            _ testDescription: String, _ fields: String, _ error: HTTPParseError,
            _ status: Int = 400
        ) -> Row {
            Row(
                testDescription, "POST / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\r\nhello", error,
                status)
        }

        /// A chunked request with this body.
        static func chunks(
            _ testDescription: String, _ body: String, _ error: HTTPParseError, _ status: Int = 400
        ) -> Row {
            let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            return Row(testDescription, head + body, error, status)
        }

        static func target(
            _ testDescription: String, _ target: String, _ error: HTTPParseError,
            _ status: Int = 400
        ) -> Row {
            Row(testDescription, "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n", error, status)
        }
    }

    static let lengths: [Row] = [
        .fields(
            "9112 §6.1: Content-Length, then Transfer-Encoding",
            "Content-Length: 5\r\nTransfer-Encoding: chunked", .contentLengthWithTransferEncoding),
        .fields(
            "9112 §6.1: Transfer-Encoding, then Content-Length",
            "Transfer-Encoding: chunked\r\nContent-Length: 5", .contentLengthWithTransferEncoding),
        .fields(
            "9112 §6.3-5: two lengths that differ",
            "Content-Length: 5\r\nContent-Length: 6", .duplicateField(.contentLength)),
        .fields(
            "9112 §6.3-5: two lengths that are equal",
            "Content-Length: 5\r\nContent-Length: 5", .duplicateField(.contentLength)),
        .fields(
            "9112 §6.3-5: a list of equal lengths", "Content-Length: 5,5", .invalidContentLength),
        .fields("9112 §6.3-5: a list with a space", "Content-Length: 5, 5", .invalidContentLength),
        .fields("9112 §6.3-5: plus sign", "Content-Length: +5", .invalidContentLength),
        .fields("9112 §6.3-5: minus zero", "Content-Length: -0", .invalidContentLength),
        .fields("9112 §6.3-5: minus one", "Content-Length: -1", .invalidContentLength),
        .fields("9112 §6.3-5: hexadecimal", "Content-Length: 0x5", .invalidContentLength),
        .fields("9112 §6.3-5: two numbers", "Content-Length: 5 6", .invalidContentLength),
        .fields("9112 §6.3-5: octal", "Content-Length: 0o5", .invalidContentLength),
        .fields(
            "9112 §6.3-5: a leading zero, octal to some", "Content-Length: 05",
            .invalidContentLength),
        .fields("9112 §6.3-5: empty", "Content-Length:", .invalidContentLength),
        .fields(
            "9112 §6.3-5: underscore between digits", "Content-Length: 1_0", .invalidContentLength),
        .fields("9112 §6.3-5: quoted", "Content-Length: \"5\"", .invalidContentLength),
        .fields("9112 §6.3-5: fraction", "Content-Length: 5.0", .invalidContentLength),
        .fields(
            "9112 §6.3-5: two to the 63rd", "Content-Length: 9223372036854775808",
            .invalidContentLength),
        .fields(
            "9112 §6.3-5: two to the 64th and five", "Content-Length: 18446744073709551621",
            .invalidContentLength),
        .fields(
            "9112 §6.3-5: digits of another script", "Content-Length: ５", .invalidContentLength),
    ]

    static let codings: [Row] = [
        .fields("9112 §6.3-4: xchunked", "Transfer-Encoding: xchunked", .malformedTransferEncoding),
        .fields(
            "9112 §6.3-4: chunked twice in a list", "Transfer-Encoding: chunked, chunked",
            .malformedTransferEncoding),
        .fields(
            "9112 §6.3-4: chunked on two lines",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            .duplicateField(.transferEncoding)),
        .fields("9112 §6.3-4: identity", "Transfer-Encoding: identity", .malformedTransferEncoding),
        .fields(
            "9112 §6.3-4: identity with a length",
            "Transfer-Encoding: identity\r\nContent-Length: 5", .malformedTransferEncoding),
        .fields(
            "9112 §6.3-4: trailing comma", "Transfer-Encoding: chunked,", .malformedTransferEncoding
        ),
        .fields(
            "9112 §6.3-4: leading comma", "Transfer-Encoding: ,chunked", .malformedTransferEncoding),
        .fields("9112 §6.3-4: empty", "Transfer-Encoding:", .malformedTransferEncoding),
        .fields(
            "9112 §6.3-4: a parameter", "Transfer-Encoding: chunked;q=1", .malformedTransferEncoding
        ),
        .fields(
            "9112 §6.3-4: quoted", "Transfer-Encoding: \"chunked\"", .malformedTransferEncoding),
        .fields(
            "9112 §6.3-4: chunked is not last", "Transfer-Encoding: chunked, gzip",
            .malformedTransferEncoding),
        .fields(
            "9110 §5.5: vertical tab before it", "Transfer-Encoding: \u{0B}chunked",
            .controlByte(0x0B)),
        .fields(
            "9110 §5.5: form feed after it", "Transfer-Encoding: chunked\u{0C}", .controlByte(0x0C)),
        .fields(
            "9112 §6.1: a coding that is not implemented", "Transfer-Encoding: gzip, chunked",
            .unsupportedTransferCoding, 501),
        Row(
            "9112 §6.1: Transfer-Encoding in HTTP/1.0",
            "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            .transferEncodingInHTTP10),
    ]

    static let lines: [Row] = [
        .fields("9112 §5.2: folded line", "X: a\r\n b", .foldedField),
        .fields("9112 §5.2: folded line with a tab", "X: a\r\n\tb", .foldedField),
        Row(
            "9112 §2.2: white space before the first field",
            "GET / HTTP/1.1\r\n Host: h\r\n\r\n", .foldedField),
        .fields("9112 §5.1: space before the colon", "Content-Length : 5", .spaceBeforeColon),
        .fields("9112 §5.1: tab before the colon", "Content-Length\t: 5", .spaceBeforeColon),
        .fields("9112 §5: empty name", ": x", .emptyFieldName),
        .fields("9112 §5: no colon", "Content-Length", .missingColon),
        .fields("9110 §5.1: parenthesis in a name", "X(: x", .invalidFieldNameByte(0x28)),
        .fields("9110 §5.1: space in a name", "X Y: x", .invalidFieldNameByte(0x20)),
        .fields("9110 §5.1: a byte above ASCII in a name", "Ä: x", .invalidFieldNameByte(0xC3)),
        .fields(
            "underscore in Content-Length", "Content_Length: 5", .underscoreInName(.contentLength)),
        .fields(
            "underscore in Transfer-Encoding", "transfer_encoding: chunked",
            .underscoreInName(.transferEncoding)),
        .fields("9112 §2.2: bare LF after a field", "X: a\nY: b", .bareLineFeed),
        Row(
            "9112 §2.2: bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n",
            .bareLineFeed),
        Row(
            "9112 §2.2: bare LF as the empty line", "GET / HTTP/1.1\r\nHost: h\r\n\n", .bareLineFeed
        ),
        Row(
            "9112 §2.2: bare LF before the request", "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
            .bareLineFeed),
        .fields("9112 §2.2: bare CR in a value", "X: a\rb", .bareCarriageReturn),
        .fields("9112 §2.2: two CR before LF", "X: a\r\r\nY: b", .bareCarriageReturn),
        .fields("9110 §5.5: NUL in a value", "X: a\0b", .controlByte(0)),
        .fields("9110 §5.5: NUL in a name", "X\0: b", .controlByte(0)),
        .fields("9110 §5.5: DEL in a value", "X: a\u{7F}b", .controlByte(0x7F)),
        .fields("9110 §5.5: escape in a value", "X: \u{1B}[0m", .controlByte(0x1B)),
        Row(
            "9112 §2.2: two empty lines before the request",
            "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", .emptyLinesBeforeRequest),
    ]

    static let chunks: [Row] = [
        .chunks(
            "9112 §7.1: 0x before a size", "0x5\r\nhello\r\n0\r\n\r\n", .invalidChunkSizeByte(0x78)),
        .chunks(
            "9112 §7.1: plus before a size", "+5\r\nhello\r\n0\r\n\r\n", .invalidChunkSizeByte(0x2B)
        ),
        .chunks(
            "9112 §7.1: minus before a size", "-5\r\nhello\r\n0\r\n\r\n",
            .invalidChunkSizeByte(0x2D)),
        .chunks(
            "9112 §7.1: underscore in a size", "0_5\r\nhello\r\n0\r\n\r\n",
            .invalidChunkSizeByte(0x5F)),
        .chunks(
            "9112 §7.1: space before a size", " 5\r\nhello\r\n0\r\n\r\n",
            .invalidChunkSizeByte(0x20)),
        .chunks(
            "9112 §7.1: space after a size", "5 \r\nhello\r\n0\r\n\r\n", .invalidChunkSizeByte(0x20)
        ),
        .chunks(
            "9112 §7.1: space before an extension", "5 ;a\r\nhello\r\n0\r\n\r\n",
            .invalidChunkSizeByte(0x20)),
        .chunks(
            "9112 §7.1: tab after a size", "5\t\r\nhello\r\n0\r\n\r\n", .invalidChunkSizeByte(0x09)),
        .chunks("9112 §7.1: no size", "\r\nhello\r\n0\r\n\r\n", .invalidChunkSizeByte(0x0D)),
        .chunks(
            "9112 §7.1: an extension without a size", ";a\r\nhello\r\n0\r\n\r\n",
            .invalidChunkSizeByte(0x3B)),
        .chunks(
            "9112 §7.1: 17 digits", "00000000000000005\r\nhello\r\n0\r\n\r\n", .chunkSizeTooLong),
        .chunks("9112 §7.1: two to the 63rd", "8000000000000000\r\n", .chunkSizeTooLong),
        .chunks("9112 §7.1: two to the 64th less one", "ffffffffffffffff\r\n", .chunkSizeTooLong),
        .chunks(
            "9110 §15.5.14: more than the limit", "7fffffffffffffff\r\n",
            .bodyTooLarge(limit: 1 << 20), 413),
        .chunks(
            "9112 §7.1: no CRLF after the data", "5\r\nhello0\r\n\r\n",
            .missingChunkEnd(found: 0x30)),
        .chunks(
            "9112 §7.1: LF after the data", "5\r\nhello\n0\r\n\r\n", .missingChunkEnd(found: 0x0A)),
        .chunks(
            "9112 §7.1: CR and a byte after the data", "5\r\nhello\rX0\r\n\r\n",
            .missingChunkEnd(found: 0x58)),
        .chunks(
            "9112 §7.1: one byte too many", "5\r\nhello!\r\n0\r\n\r\n",
            .missingChunkEnd(found: 0x21)),
        .chunks("9112 §2.2: LF after a size", "5\nhello\r\n0\r\n\r\n", .bareLineFeed),
        .chunks(
            "9112 §2.2: CR and a byte after a size", "5\rXhello\r\n0\r\n\r\n", .bareCarriageReturn),
        .chunks("9112 §2.2: LF after the last chunk", "0\n\r\n", .bareLineFeed),
        .chunks(
            "9112 §7.1.1: extension without a name", "5;\r\nhello\r\n0\r\n\r\n",
            .malformedChunkExtension),
        .chunks(
            "9112 §7.1.1: extension of spaces", "5; \r\nhello\r\n0\r\n\r\n",
            .malformedChunkExtension),
        .chunks(
            "9112 §7.1.1: value without a name", "5;=a\r\nhello\r\n0\r\n\r\n",
            .malformedChunkExtension),
        .chunks(
            "9112 §7.1.1: equals sign without a value", "5;a=\r\nhello\r\n0\r\n\r\n",
            .malformedChunkExtension),
        .chunks(
            "9112 §7.1.1: space at the end", "5;a \r\nhello\r\n0\r\n\r\n", .malformedChunkExtension),
        .chunks("9112 §7.1.1: two names", "5;a b\r\nhello\r\n0\r\n\r\n", .malformedChunkExtension),
        .chunks(
            "9112 §7.1.1: NUL in an extension", "5;a\0\r\nhello\r\n0\r\n\r\n",
            .malformedChunkExtension),
        .chunks(
            "9112 §7.1.1: a quote that does not end", "5;a=\"b\r\nhello\r\n0\r\n\r\n",
            .malformedChunkExtension),
        .chunks(
            "9112 §7.1.1: text after a quote", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n",
            .malformedChunkExtension),
        .chunks(
            "9112 §7.1.1: CRLF within quotes", "5;a=\"\r\nhello\"\r\n0\r\n\r\n",
            .malformedChunkExtension),
        .chunks("funky chunks: LF ends an extension", "5;a\nhello\r\n0\r\n\r\n", .bareLineFeed),
        .chunks(
            "funky chunks: CR within an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n",
            .bareCarriageReturn),
    ]

    static let trailers: [Row] = [
        .chunks(
            "9110 §6.5.1: Content-Length as a trailer", "0\r\nContent-Length: 5\r\n\r\n",
            .forbiddenTrailer),
        .chunks(
            "9110 §6.5.1: Transfer-Encoding as a trailer", "0\r\ntransfer-encoding: x\r\n\r\n",
            .forbiddenTrailer),
        .chunks("9110 §6.5.1: Host as a trailer", "0\r\nHOST: x\r\n\r\n", .forbiddenTrailer),
        .chunks(
            "9110 §6.5.1: Authorization as a trailer", "0\r\nAuthorization: x\r\n\r\n",
            .forbiddenTrailer),
        .chunks(
            "9110 §6.5.1: underscore for the hyphen", "0\r\nContent_Length: 5\r\n\r\n",
            .forbiddenTrailer),
        .chunks(
            "9110 §6.5.1: after one that is allowed", "0\r\nX: y\r\nTe: x\r\n\r\n",
            .forbiddenTrailer),
        .chunks("9112 §5.2: folded trailer", "0\r\nX: y\r\n z\r\n\r\n", .foldedField),
        .chunks(
            "9112 §5.1: space before a trailer's colon", "0\r\nX : y\r\n\r\n", .spaceBeforeColon),
        .chunks("9112 §5: trailer without a name", "0\r\n: y\r\n\r\n", .emptyFieldName),
        .chunks("9112 §5: trailer without a colon", "0\r\nX\r\n\r\n", .missingColon),
        .chunks(
            "9110 §5.1: parenthesis in a trailer's name", "0\r\nX(: y\r\n\r\n",
            .invalidFieldNameByte(0x28)),
        .chunks("9110 §5.5: NUL in a trailer", "0\r\nX: \0\r\n\r\n", .controlByte(0)),
        .chunks("9112 §2.2: LF after a trailer", "0\r\nX: y\n\r\n", .bareLineFeed),
        .chunks("9112 §2.2: LF in a trailer's name", "0\r\nX\n", .bareLineFeed),
        .chunks(
            "9112 §2.2: CR and a byte in a trailer", "0\r\nX: y\rZ\r\n\r\n", .bareCarriageReturn),
        .chunks("9112 §2.2: CR and a byte as the empty line", "0\r\n\rX", .bareCarriageReturn),
    ]

    static let targets: [Row] = [
        Row("9112 §3.2: no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", .missingHost),
        .fields("9112 §3.2: two Hosts", "Host: h", .duplicateField(.host)),
        Row("9112 §3.2: empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", .invalidHost),
        Row("9112 §3.2: Host with a path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", .invalidHost),
        Row("9112 §3.2: Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .invalidHost),
        Row("9112 §3.2: a list of Hosts", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .invalidHost),
        Row("9112 §3.2: Host with a user", "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", .invalidHost),
        Row(
            "9112 §3.2: a port that is no number", "GET / HTTP/1.1\r\nHost: h:x\r\n\r\n",
            .invalidHost),
        Row(
            "9112 §3.2: a port above 65535", "GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n", .invalidHost
        ),
        Row("9112 §3.2: two ports", "GET / HTTP/1.1\r\nHost: h:1:2\r\n\r\n", .invalidHost),
        Row(
            "9112 §3.2: an address without its bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
            .invalidHost),
        Row("9112 §3.2: a name in brackets", "GET / HTTP/1.1\r\nHost: [h]\r\n\r\n", .invalidHost),
        Row(
            "9112 §3.2: invalid Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n",
            .invalidHost),
        .target("9112 §3.2.2: another host than Host", "http://other/", .hostMismatch),
        .target("9112 §3.2.2: another port than Host", "http://h:80/", .hostMismatch),
        .target("9110 §4.2.4: user in the target", "http://u@h/", .invalidAuthority),
        .target("9110 §4.2.1: no host in the target", "http:///x", .invalidAuthority),
        .target("9112 §3.2.2: another scheme", "ftp://h/", .wrongTargetForm(.get)),
        .target("9112 §3.2.3: authority form", "h:80", .wrongTargetForm(.get)),
        .target("9112 §3.2.4: asterisk without OPTIONS", "*", .wrongTargetForm(.get)),
        .target("9112 §3.2.1: relative path", "x/y", .wrongTargetForm(.get)),
        .target("9112 §3.2.1: only a query", "?x", .wrongTargetForm(.get)),
        .target("9112 §3.2: fragment", "/x#y", .invalidTargetByte(0x23)),
        .target("9112 §3.2: space", "/x y", .invalidTargetByte(0x20)),
        .target("9112 §3: two spaces", " /", .invalidTargetByte(0x20)),
        .target("9112 §3: two spaces before the version", "/ ", .invalidTargetByte(0x20)),
        .target("9112 §3: tab", "/\t", .invalidTargetByte(0x09)),
        .target("RFC 3986 §2: a byte above ASCII", "/é", .invalidTargetByte(0xC3)),
        .target("RFC 3986 §2: backslash", "/a\\b", .invalidTargetByte(0x5C)),
        .target("RFC 3986 §2: quote", "/\"", .invalidTargetByte(0x22)),
        .target("RFC 3986 §2: angle bracket in a query", "/?<", .invalidTargetByte(0x3C)),
        .target("RFC 3986 §2.1: half an escape", "/%2", .invalidEscape),
        .target("RFC 3986 §2.1: escape of no digits", "/%zz/", .invalidEscape),
        .target("RFC 3986 §2.1: escape in a query", "/?a=%", .invalidEscape),
        .target("escaped NUL", "/a%00b", .escapedControl(0)),
        .target("escaped NUL in a query", "/?a%00", .escapedControl(0)),
        Row(
            "9110 §9.3.6: CONNECT", "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", .tunnelRefused,
            501),
    ]

    static let requestLines: [Row] = [
        Row(
            "9110 §15.6.2: a method nobody knows", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n",
            .unknownMethod, 501),
        Row(
            "9110 §9.1: a method in lower case", "get / HTTP/1.1\r\nHost: h\r\n\r\n",
            .unknownMethod, 501),
        Row(
            "9112 §3: a method of 33 bytes",
            String(repeating: "M", count: 33) + " / HTTP/1.1\r\n\r\n",
            .methodTooLong(limit: 32), 501),
        Row(
            "9112 §3: a byte that no method holds", "G(T / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Row("9112 §3: a space before the method", " GET / HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Row("9112 §3: a tab for the space", "GET\t/ HTTP/1.1\r\n\r\n", .malformedRequestLine),
        Row("9112 §3: a method alone", "GET\r\nHost: h\r\n\r\n", .malformedRequestLine),
        Row("9112 §3: no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", .malformedRequestLine),
        Row("9112 §3: an empty target", "GET  HTTP/1.1\r\nHost: h\r\n\r\n", .malformedRequestLine),
        Row("9112 §3: HTTP/0.9", "GET /\r\n\r\n", .malformedRequestLine),
        Row("TLS on a port of text", "\u{16}\u{03}\u{01}", .controlByte(0x16)),
        Row("9112 §2.3: lower-case name", "GET / http/1.1\r\nHost: h\r\n\r\n", .malformedVersion),
        Row("9112 §2.3: another protocol", "GET / ICAP/1.0\r\nHost: h\r\n\r\n", .malformedVersion),
        Row(
            "9112 §2.3: a letter for the minor version", "GET / HTTP/1.x\r\nHost: h\r\n\r\n",
            .malformedVersion),
        Row(
            "9112 §2.3: comma for the point", "GET / HTTP/1,1\r\nHost: h\r\n\r\n", .malformedVersion
        ),
        Row("9112 §2.3: two digits", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", .malformedRequestLine),
        Row(
            "9110 §15.6.6: the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            .unsupportedVersion(major: 2, minor: 0), 505),
        Row(
            "9110 §15.6.6: HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n",
            .unsupportedVersion(major: 1, minor: 2), 505),
        Row(
            "9110 §15.6.6: HTTP/0.9 in words", "GET / HTTP/0.9\r\nHost: h\r\n\r\n",
            .unsupportedVersion(major: 0, minor: 9), 505),
        .fields("9110 §10.1.1: an unknown expectation", "Expect: 200-ok", .unknownExpectation, 417),
        .fields("9110 §10.1.1: an empty expectation", "Expect:", .unknownExpectation, 417),
        .fields(
            "two Authorizations", "Authorization: a\r\nAuthorization: b",
            .duplicateField(.authorization)),
        .fields(
            "two Content-Types", "Content-Type: a\r\nContent-Type: b", .duplicateField(.contentType)
        ),
        .fields(
            "two JSON lengths",
            "Inference-Header-Content-Length: 1\r\ninference-header-content-length: 1",
            .duplicateField(.inferenceHeaderContentLength)),
        .fields(
            "a JSON length that is no number", "Inference-Header-Content-Length: -1",
            .invalidInferenceHeaderLength),
    ]

    static let rows = lengths + codings + lines + chunks + trailers + targets + requestLines

    @Test(
        "is refused with its status and a sentence that repeats none of its bytes", arguments: rows)
    func refuses(_ row: Row) throws {
        let error = try #require(HTTPTranscript.read(Array(row.request.utf8)).error)
        #expect(error == row.error)
        #expect(error.status == row.status)
        #expect(!error.description.isEmpty)
        #expect(error.description.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
    }

    @Test("is refused alike wherever it is cut, and byte by byte", arguments: rows)
    func everyCut(_ row: Row) {
        let bytes = Array(row.request.utf8)
        for cut in 0...bytes.count {
            #expect(HTTPTranscript.read(bytes, cutAt: [cut]).error == row.error, "cut \(cut)")
        }
        #expect(HTTPTranscript.read(bytes, cutAt: Array(0..<bytes.count)).error == row.error)
    }

    @Test(
        "a wrong line is refused when it is there, not when the head ends",
        arguments: [
            Row("bare LF: at the LF", "GET / HTTP/1.1\n", .bareLineFeed),
            Row("NUL: at the NUL", "GET /\0", .controlByte(0)),
            Row(
                "version: at the end of the line", "GET / HTTP/3.0\r\n",
                .unsupportedVersion(major: 3, minor: 0)),
            Row("a word: at the end of the line", "hello\r\n", .malformedRequestLine),
            Row(
                "length: at the end of its line", "GET / HTTP/1.1\r\nContent-Length: x\r\n",
                .invalidContentLength),
            Row("no colon: at the end of its line", "GET / HTTP/1.1\r\nHost\r\n", .missingColon),
            Row(
                "two Hosts: at the end of the second", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
                .duplicateField(.host)),
        ])
    func early(_ row: Row) {
        let bytes = Array(row.request.utf8)
        var reader = HTTPReader(capacity: bytes.count)
        for index in bytes.indices { reader.receive(bytes[index...index]) }
        #expect(reader.transcript.error == row.error)
        #expect(reader.refusedAt == bytes.count)
    }
}
