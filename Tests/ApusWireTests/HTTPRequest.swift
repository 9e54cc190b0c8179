@testable import ApusWire

/// A head that was parsed in one go, with the bytes that its ranges are about.
struct HTTPRequest {
    struct Incomplete: Error {}

    let bytes: [UInt8]
    let head: HTTPRequestHead

    init(_ text: String, limits: HTTPLimits = HTTPLimits()) throws {
        bytes = Array(text.utf8)
        var scanned = 0
        let memory = GuardedBytes(bytes)
        let step = try HTTPRequestHead.parse(
            memory.copy(bytes[...]), scanned: &scanned, limits: limits)
        guard case .head(let head) = step else { throw Incomplete() }
        self.head = head
    }

    /// A GET with these field lines after a valid Host.
    init(fields: String) throws { try self.init("GET / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\r\n") }

    func text(_ range: Range<Int>?) -> String? {
        range.map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    func value(of name: StaticString) -> String? {
        text(bytes.withUnsafeBytes { head.value(of: name, in: $0) })
    }
}
