import ApusWire

/// Why a packed body was refused.
package enum ContentCodingError: Error, Equatable, Sendable {
    /// It unpacks to more than the limit; how much more is not found out.
    case tooLarge(byteLimit: Int)
    /// It is not what its `Content-Encoding` says, or its check sum is wrong.
    case malformed(ContentCoding)
    /// It ends before its coding does.
    case truncated(ContentCoding)
    /// Bytes follow the end of its coding.
    case trailingBytes(ContentCoding, count: Int)

    /// The HTTP status that it gets: RFC 9110 §15.5.14 for what is too large.
    package var status: Int {
        switch self {
        case .tooLarge: 413
        case .malformed, .truncated, .trailingBytes: 400
        }
    }
}

extension ContentCodingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let byteLimit): "the body unpacks to more than the \(byteLimit) bytes this server takes"
        case .malformed(let coding): "the body is not valid \(coding)"
        case .truncated(let coding): "the body ends before its \(coding) stream does"
        case .trailingBytes(let coding, let count): "\(count) bytes follow the end of the body's \(coding) stream"
        }
    }
}
