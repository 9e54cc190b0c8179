/// The request fields that mean something to the server itself. All others are carried as bytes.
package enum HTTPField: UInt8, Sendable, Equatable, CaseIterable {
    case host, accept, expect, connection, contentType, requestID, authorization, contentLength
    case acceptEncoding, contentEncoding, transferEncoding, inferenceHeaderContentLength

    /// The name in lower case, as it is compared.
    package var name: StaticString {
        switch self {
        case .host: "host"
        case .accept: "accept"
        case .expect: "expect"
        case .connection: "connection"
        case .contentType: "content-type"
        case .requestID: "x-request-id"
        case .authorization: "authorization"
        case .contentLength: "content-length"
        case .acceptEncoding: "accept-encoding"
        case .contentEncoding: "content-encoding"
        case .transferEncoding: "transfer-encoding"
        case .inferenceHeaderContentLength: "inference-header-content-length"
        }
    }

    /// The field that `name`, a token, is. Length and first letter leave one candidate.
    init?(_ name: UnsafeRawBufferPointer) {
        guard let candidate = Self.candidate(name), name.isEqual(ignoringCase: candidate.name)
        else { return nil }
        self = candidate
    }

    /// The field that `name` would be to a reader who takes `_` for `-`.
    init?(readingUnderscoreAsHyphen name: UnsafeRawBufferPointer) {
        guard let candidate = Self.candidate(name) else { return nil }
        for (found, wanted) in zip(name, UnsafeRawBufferPointer(candidate.name)) {
            let read = found == UInt8(ascii: "_") ? UInt8(ascii: "-") : found | 0x20
            guard read == wanted else { return nil }
        }
        self = candidate
    }

    @inline(__always)
    private static func candidate(_ name: UnsafeRawBufferPointer) -> HTTPField? {
        switch name.count {
        case 4: .host
        case 6: name[0] | 0x20 == UInt8(ascii: "a") ? .accept : .expect
        case 10: .connection
        case 12: name[0] | 0x20 == UInt8(ascii: "c") ? .contentType : .requestID
        case 13: .authorization
        case 14: .contentLength
        case 15: .acceptEncoding
        case 16: .contentEncoding
        case 17: .transferEncoding
        case 31: .inferenceHeaderContentLength
        case _: nil
        }
    }
}

/// Which of the fields have been seen.
struct HTTPFieldSet {
    private var bits: UInt16 = 0

    func contains(_ field: HTTPField) -> Bool { bits & (1 << field.rawValue) != 0 }

    /// - Returns: whether it is the first of its name.
    mutating func insert(_ field: HTTPField) -> Bool {
        let isFirst = !contains(field)
        bits |= 1 << field.rawValue
        return isFirst
    }
}
