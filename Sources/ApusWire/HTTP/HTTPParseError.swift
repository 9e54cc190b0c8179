/// Why a request was refused. The connection is closed after the answer: where the next request
/// would begin is not known, or not worth a guess (RFC 9112 §11.2).
///
/// `description` goes to the client as it stands: it repeats no byte of the request, only its
/// number.
package enum HTTPParseError: Error, Equatable, Sendable {
    // Lines.
    /// A line feed without a carriage return before it. RFC 9112 §2.2 lets us accept it; two
    /// readers who differ on it can be played against each other.
    case bareLineFeed
    /// A carriage return without a line feed after it. RFC 9112 §2.2.
    case bareCarriageReturn
    /// NUL or another control byte. RFC 9110 §5.5.
    case controlByte(UInt8)
    /// More than the one empty line that may stand before a request. RFC 9112 §2.2.
    case emptyLinesBeforeRequest

    // The request line. RFC 9112 §3.
    case malformedRequestLine
    case methodTooLong(limit: Int)
    case unknownMethod
    /// CONNECT. RFC 9110 §9.3.6.
    case tunnelRefused
    case targetTooLong(limit: Int)
    case invalidTargetByte(UInt8)
    /// `%` without two hexadecimal digits. RFC 3986 §2.1.
    case invalidEscape
    /// `%00` in the target, or an escaped control character in its path.
    case escapedControl(UInt8)
    /// A target of another form than the method takes. RFC 9112 §3.2.
    case wrongTargetForm(HTTPMethod)
    /// The host in an absolute-form target. RFC 9110 §4.2.
    case invalidAuthority
    case malformedVersion
    /// RFC 9110 §15.6.6.
    case unsupportedVersion(major: UInt8, minor: UInt8)

    // The header section. RFC 9112 §5.
    /// RFC 6585 §5.
    case headTooLarge(limit: Int)
    /// RFC 6585 §5.
    case tooManyFields(limit: Int)
    /// A line that begins with white space. RFC 9112 §2.2, §5.2.
    case foldedField
    /// RFC 9112 §5.1.
    case spaceBeforeColon
    case emptyFieldName
    case invalidFieldNameByte(UInt8)
    case missingColon
    /// A name that becomes one of ours when `_` is read as `-`, as some servers behind us would.
    case underscoreInName(HTTPField)
    /// A field that may be given once. RFC 9110 §5.3.
    case duplicateField(HTTPField)
    /// RFC 9112 §3.2.
    case missingHost
    /// RFC 9112 §3.2.
    case invalidHost
    /// The target's authority and Host differ. RFC 9112 §3.2.2.
    case hostMismatch
    /// RFC 9110 §10.1.1.
    case unknownExpectation
    case invalidInferenceHeaderLength

    // Framing. RFC 9112 §6.
    /// RFC 9112 §6.3 item 5.
    case invalidContentLength
    /// RFC 9112 §6.1, §6.3 item 3.
    case contentLengthWithTransferEncoding
    /// RFC 9112 §6.1.
    case transferEncodingInHTTP10
    /// RFC 9112 §6.3 item 4.
    case malformedTransferEncoding
    /// A coding before `chunked`. RFC 9112 §6.1.
    case unsupportedTransferCoding
    /// RFC 9110 §15.5.14.
    case bodyTooLarge(limit: Int)

    // Chunked bodies. RFC 9112 §7.1.
    case invalidChunkSizeByte(UInt8)
    case chunkSizeTooLong
    case malformedChunkExtension
    case chunkExtensionsTooLarge(limit: Int)
    case missingChunkEnd(found: UInt8)
    case trailersTooLarge(limit: Int)
    /// A trailer that would change framing, routing or rights after the fact. RFC 9110 §6.5.1.
    case forbiddenTrailer
}

extension HTTPParseError {
    /// The status of the answer.
    package var status: Int {
        switch self {
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .unknownExpectation: 417
        case .headTooLarge, .tooManyFields, .trailersTooLarge: 431
        case .methodTooLong, .unknownMethod, .tunnelRefused, .unsupportedTransferCoding: 501
        case .unsupportedVersion: 505
        case .bareLineFeed, .bareCarriageReturn, .controlByte, .emptyLinesBeforeRequest,
            .malformedRequestLine, .invalidTargetByte, .invalidEscape, .escapedControl,
            .wrongTargetForm,
            .invalidAuthority, .malformedVersion, .foldedField, .spaceBeforeColon, .emptyFieldName,
            .invalidFieldNameByte, .missingColon, .underscoreInName, .duplicateField, .missingHost,
            .invalidHost, .hostMismatch, .invalidInferenceHeaderLength, .invalidContentLength,
            .contentLengthWithTransferEncoding, .transferEncodingInHTTP10,
            .malformedTransferEncoding,
            .invalidChunkSizeByte, .chunkSizeTooLong, .malformedChunkExtension,
            .chunkExtensionsTooLarge,
            .missingChunkEnd, .forbiddenTrailer:
            400
        }
    }
}

extension HTTPParseError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .bareLineFeed: "a line ends in LF alone; CR LF is expected"
        case .bareCarriageReturn: "a CR is not followed by LF"
        case .controlByte(let byte):
            "control byte \(hexadecimal(byte)) found where text is expected"
        case .emptyLinesBeforeRequest:
            "more than one empty line found where a request line is expected"
        case .malformedRequestLine:
            "the first line is not a request line; expected: method, space, target, space, HTTP/1.1"
        case .methodTooLong(let limit): "the method is longer than \(limit) bytes"
        case .unknownMethod: "the method is not known here; methods are upper-case"
        case .tunnelRefused: "CONNECT is not supported: this server opens no tunnels"
        case .targetTooLong(let limit): "the request target is longer than \(limit) bytes"
        case .invalidTargetByte(let byte):
            "byte \(hexadecimal(byte)) found in the request target; it must be percent-encoded"
        case .invalidEscape: "a % in the request target is not followed by two hexadecimal digits"
        case .escapedControl(let byte):
            "the request target holds an escaped control character, \(hexadecimal(byte))"
        case .wrongTargetForm(let method):
            "the request target has a form that \(method.name) does not take; "
                + "expected a path that begins with /"
        case .invalidAuthority: "the request target names no valid host; expected host or host:port"
        case .malformedVersion:
            "no protocol version found at the end of the request line; expected HTTP/1.1"
        case .unsupportedVersion(let major, let minor):
            "HTTP/\(major).\(minor) is not supported; expected HTTP/1.1 or HTTP/1.0"
        case .headTooLarge(let limit): "the header section is larger than \(limit) bytes"
        case .tooManyFields(let limit): "the header section has more than \(limit) fields"
        case .foldedField: "a header line begins with white space; a field must be on one line"
        case .spaceBeforeColon: "white space found between a field's name and its colon"
        case .emptyFieldName: "a field has no name before its colon"
        case .invalidFieldNameByte(let byte): "byte \(hexadecimal(byte)) found in a field's name"
        case .missingColon: "a header line has no colon"
        case .underscoreInName(let field):
            "a field's name is \(field.name) with an underscore; expected a hyphen"
        case .duplicateField(let field): "field \(field.name) is given twice; once is expected"
        case .missingHost: "field host is missing; HTTP/1.1 requires it"
        case .invalidHost: "field host is not a valid host; expected host or host:port"
        case .hostMismatch: "field host differs from the host in the request target"
        case .unknownExpectation:
            "field expect holds an unknown expectation; only 100-continue is known"
        case .invalidInferenceHeaderLength:
            "field inference-header-content-length is not a decimal number of bytes"
        case .invalidContentLength: "field content-length is not one decimal number of bytes"
        case .contentLengthWithTransferEncoding:
            "both content-length and transfer-encoding are given; one of them is expected"
        case .transferEncodingInHTTP10: "transfer-encoding is given in an HTTP/1.0 request"
        case .malformedTransferEncoding: "field transfer-encoding is not exactly: chunked"
        case .unsupportedTransferCoding:
            "transfer-encoding names a coding before chunked; only chunked is supported"
        case .bodyTooLarge(let limit): "the body is larger than \(limit) bytes"
        case .invalidChunkSizeByte(let byte):
            "byte \(hexadecimal(byte)) found in a chunk's size; expected hexadecimal digits, then CR LF"
        case .chunkSizeTooLong: "a chunk's size has more than 16 digits or does not fit in 63 bits"
        case .malformedChunkExtension:
            "a chunk extension is malformed; expected ;name or ;name=value"
        case .chunkExtensionsTooLarge(let limit):
            "the chunk extensions are larger than \(limit) bytes"
        case .missingChunkEnd(let found):
            "byte \(hexadecimal(found)) found where a chunk's data ends; expected CR LF"
        case .trailersTooLarge(let limit): "the trailer section is larger than \(limit) bytes"
        case .forbiddenTrailer: "a trailer names a field that may only stand in the header section"
        }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "0x0\(digits)" : "0x\(digits)"
    }
}
