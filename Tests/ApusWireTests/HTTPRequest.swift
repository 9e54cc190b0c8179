@testable import ApusWire

/// A head that was parsed in one go, with the bytes that its ranges are about.
struct HTTPRequest {
    struct Incomplete: Error {}

    let bytes: [UInt8]
    let head: HTTPRequestHead

    init(_ text: String, limits: HTTPLimits = HTTPLimits()) throws {
        bytes = Array(text.utf8)
        var scanned = 0
        let step = try HTTPRequest.parse(bytes, &scanned, limits)
        guard case .head(let head) = step else { throw Incomplete() }
        self.head = head
    }

    /// One attempt at `bytes`, which lie against a page that may not be read.
    static func parse(
        _ bytes: [UInt8], _ scanned: inout Int, _ limits: HTTPLimits = HTTPLimits()
    ) throws(HTTPParseError) -> HTTPHeadStep {
        let guarded = GuardedBytes(bytes)
        return try HTTPRequestHead.parse(guarded.bytes, scanned: &scanned, limits: limits)
    }

    func text(_ range: Range<Int>?) -> String? {
        range.map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    func value(of name: StaticString) -> String? {
        text(bytes.withUnsafeBytes { head.value(of: name, in: $0) })
    }
}
