/// How a request's body is delimited. RFC 9112 §6.3.
package enum HTTPFraming: Sendable, Equatable {
    /// There is no body.
    case none
    /// This many bytes follow the head. 0 is possible.
    case length(Int)
    /// Chunks follow the head; see `ChunkedDecoder`.
    case chunked
}

/// How a request's body is coded. RFC 9110 §8.4.
package enum HTTPContentCoding: UInt8, Sendable, Equatable {
    case identity, gzip, deflate
    /// Another coding, or several: 415.
    case unknown
}

/// The response codings that a client accepts and that we have. RFC 9110 §12.5.3.
package struct HTTPAcceptedCodings: OptionSet, Sendable, Equatable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let gzip = HTTPAcceptedCodings(rawValue: 1)
    /// The zlib format (RFC 9110 §8.4.1.2).
    package static let deflate = HTTPAcceptedCodings(rawValue: 2)
}

/// A request's line and header section, parsed. A plain value without heap storage.
///
/// Every range counts from the first byte that was given to `parse`, and is only good for those
/// bytes.
package struct HTTPRequestHead: Sendable, Equatable {
    package internal(set) var method = HTTPMethod.get
    /// The y of HTTP/1.y: 0 or 1.
    package internal(set) var versionMinor: UInt8 = 1
    /// The whole target as it came.
    package internal(set) var target = 0..<0
    /// The path, still percent-encoded; see `PathSegments`. Empty for `http://host`, `*` for
    /// `OPTIONS *`.
    package internal(set) var path = 0..<0
    /// What follows the first `?`.
    package internal(set) var query: Range<Int>?

    package internal(set) var framing = HTTPFraming.none
    /// Whether the client is ready for another request on this connection. RFC 9112 §9.3.
    package internal(set) var keepAlive = true
    /// Whether the client waits for `100 Continue` before it sends the body. Never without a body
    /// or in 1.0.
    package internal(set) var expectsContinue = false
    package internal(set) var contentCoding = HTTPContentCoding.identity
    package internal(set) var acceptedCodings: HTTPAcceptedCodings = []

    /// Nil only in HTTP/1.0. Valid as `host` or `host:port`.
    package internal(set) var host: Range<Int>?
    package internal(set) var contentType: Range<Int>?
    /// The first of them, if there are several.
    package internal(set) var accept: Range<Int>?
    package internal(set) var authorization: Range<Int>?
    /// Only if it is well-formed, so safe to echo; see `isWellFormedRequestID`. The first of
    /// several.
    package internal(set) var requestID: Range<Int>?
    /// The byte count of the JSON in front of binary tensors (Triton, "Binary tensor data
    /// extension").
    package internal(set) var inferenceHeaderContentLength: Int?

    /// Where the first field line begins.
    package internal(set) var fieldsStart = 0
    /// The head's size with the empty line at its end. The body begins here.
    package internal(set) var byteCount = 0

    package init() {}
}

extension HTTPRequestHead {
    /// The value of the first field of a name that is not among the properties. Scans all fields.
    ///
    /// - Parameters:
    ///   - name: in lower case: letters, digits and hyphens.
    ///   - bytes: those that were parsed.
    package func value(of name: StaticString, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        var line = fieldsStart
        while line < byteCount - 2 {
            let end = HeadReader.lineEnd(in: bytes, from: line)
            var colon = line
            while bytes[colon] != UInt8(ascii: ":") { colon += 1 }
            if UnsafeRawBufferPointer(rebasing: bytes[line..<colon]).isEqual(ignoringCase: name) {
                return HeadReader.trimmed(colon + 1..<end, in: bytes)
            }
            line = end + 2
        }
        return nil
    }

    /// Whether a client's request id may be echoed: 1 to 128 letters, digits and `. _ : / + = @ -`.
    package static func isWellFormedRequestID(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (1...128).contains(bytes.count) else { return false }
        for byte in bytes where !ByteClass.has(ByteClass.requestID, byte) { return false }
        return true
    }
}
