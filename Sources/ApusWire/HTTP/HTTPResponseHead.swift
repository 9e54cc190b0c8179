/// A response's status line and header section. RFC 9112 §4, §5.
///
/// Borrows the memory of its texts: they have to live until `write` returns.
package struct HTTPResponseHead {
    /// What becomes of the connection after this response.
    package enum Connection: Sendable, Equatable {
        /// It stays open, as HTTP/1.1 assumes: no field.
        case persistent
        /// It stays open for a 1.0 client, which has to be told.
        case keepAlive
        case close
    }

    package typealias Text = UnsafeRawBufferPointer

    package var status: Int
    package var connection = Connection.persistent
    /// 29 bytes from `HTTPDate`, made once a second.
    package var date: Text?
    /// Nil leaves the field out, as 204 and 304 want it (RFC 9110 §8.6).
    package var contentLength: Int?
    package var contentType: Text?
    package var contentEncoding = HTTPContentCoding.identity
    /// `vary: accept-encoding`: whenever another Accept-Encoding would have changed the body's
    /// coding.
    package var variesByEncoding = false
    package var requestID: Text?
    /// NAME/VERSION of the model that answered.
    package var model: Text?
    package var serverTiming: ServerTiming?
    /// Seconds.
    package var retryAfter: Int?
    package var inferenceHeaderContentLength: Int?
    /// The methods that a resource takes, for 405 and OPTIONS: `GET, HEAD`.
    package var allow: Text?
    /// `accept-encoding: gzip, deflate`: with 415, tells which codings a request may have (RFC 9110
    /// §15.5.16).
    package var listsCodings = false
    /// The body is a page of ours: a browser is told to load nothing else for it, and to show it in no frame
    /// (W3C Content Security Policy 3; `nosniff` is in the Fetch standard).
    package var isPage = false

    package init(status: Int) { self.status = status }

    /// What a client that waits for `100 Continue` gets. RFC 9110 §15.2.1.
    package static let `continue`: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    /// At least as many bytes as `write` appends.
    package var byteCountLimit: Int {
        let texts = [date, contentType, requestID, model, allow] as [5 of Text?]
        var sum = 1024 + ServerTiming.byteCountLimit
        for index in texts.indices { sum += texts[index]?.count ?? 0 }
        return sum
    }

    /// Writes the head with the empty line at its end. Allocates nothing.
    ///
    /// Control bytes in a text are replaced, so that no text from outside can begin a line of its
    /// own.
    /// - Parameter cursor: has room for `byteCountLimit` bytes.
    package func write(into cursor: inout ByteCursor) {
        precondition((100...999).contains(status), "a status has three digits")
        cursor.append("HTTP/1.1 ")
        cursor.append(threeDigits: UInt(status))
        cursor.append(UInt8(ascii: " "))
        cursor.append(HTTPStatus.reason(status))
        cursor.append("\r\n")
        writeContentFields(&cursor)
        writeOwnFields(&cursor)
        writeConnection(&cursor)
        cursor.append("\r\n")
    }

    private func writeContentFields(_ cursor: inout ByteCursor) {
        write("content-type: ", contentType, &cursor)
        write("content-length: ", contentLength, &cursor)
        switch contentEncoding {
        case .identity, .unknown: break
        case .gzip: cursor.append("content-encoding: gzip\r\n")
        case .deflate: cursor.append("content-encoding: deflate\r\n")
        }
        if listsCodings { cursor.append("accept-encoding: gzip, deflate\r\n") }
        if isPage { cursor.append(HTTPResponseHead.pageFields) }
        if variesByEncoding { cursor.append("vary: accept-encoding\r\n") }
        write("inference-header-content-length: ", inferenceHeaderContentLength, &cursor)
    }

    /// Script and style stand in the page itself; requests go to this server alone.
    private static let pageFields: StaticString = """
        content-security-policy: default-src 'none'; script-src 'unsafe-inline'; \
        style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'\r\nx-content-type-options: nosniff\r\n
        """

    private func writeOwnFields(_ cursor: inout ByteCursor) {
        write("date: ", date, &cursor)
        write("x-request-id: ", requestID, &cursor)
        write("x-apus-model: ", model, &cursor)
        if let serverTiming {
            cursor.append("server-timing: ")
            serverTiming.write(into: &cursor)
            cursor.append("\r\n")
        }
        write("retry-after: ", retryAfter, &cursor)
        write("allow: ", allow, &cursor)
    }

    private func writeConnection(_ cursor: inout ByteCursor) {
        switch connection {
        case .persistent: break
        case .keepAlive: cursor.append("connection: keep-alive\r\n")
        case .close: cursor.append("connection: close\r\n")
        }
    }

    private func write(_ name: StaticString, _ value: Text?, _ cursor: inout ByteCursor) {
        guard let value else { return }
        cursor.append(name)
        cursor.append(visible: value)
        cursor.append("\r\n")
    }

    private func write(_ name: StaticString, _ value: Int?, _ cursor: inout ByteCursor) {
        guard let value else { return }
        cursor.append(name)
        cursor.append(decimal: value)
        cursor.append("\r\n")
    }
}
