/// The methods that have a meaning here or that deserve their own refusal. Any other is answered
/// 501.
package enum HTTPMethod: UInt8, Sendable, Equatable, CaseIterable {
    case get, head, post, put, delete, options, patch, trace
    /// Known so that it is refused by path, as the other methods (draft-ietf-httpbis-safe-method-w-body, "QUERY").
    case query
    /// Parsed so that it can be refused by name: a tunnel is never opened.
    case connect

    /// The name on the wire.
    package var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .query: "QUERY"
        case .connect: "CONNECT"
        }
    }

    /// The method that `name` is. Methods are case-sensitive (RFC 9110 §9.1).
    init?(_ name: UnsafeRawBufferPointer) {
        let candidate: HTTPMethod
        switch (name.count, name.first) {
        case (3, UInt8(ascii: "G")): candidate = .get
        case (4, UInt8(ascii: "P")): candidate = .post
        case (4, UInt8(ascii: "H")): candidate = .head
        case (3, UInt8(ascii: "P")): candidate = .put
        case (5, UInt8(ascii: "P")): candidate = .patch
        case (5, UInt8(ascii: "T")): candidate = .trace
        case (5, UInt8(ascii: "Q")): candidate = .query
        case (6, UInt8(ascii: "D")): candidate = .delete
        case (7, UInt8(ascii: "O")): candidate = .options
        case (7, UInt8(ascii: "C")): candidate = .connect
        case (_, _): return nil
        }
        guard name.isEqual(to: candidate.name) else { return nil }
        self = candidate
    }
}
