import ApusWire

/// What the parser makes of a stream of requests, as text. Items are separated by tabs:
///
///     request START METHOD TARGET BODY    one whole request; BODY in hexadecimal
///     partial START METHOD TARGET BODY    the last one, whose body is not all there
///     refused START STATUS SENTENCE       nothing more is read
///     incomplete START                    a head that is not all there
///     closed                              the client asked for no more
///     end                                 nothing is left
///
/// START is where the request's first byte is in the stream.
struct Verdict {
    /// Large enough for any stream of the comparison.
    private static let bodyLimit = 1 << 20

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var items: [String] = []

    init(on bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        while readRequest() {}
    }

    /// All items.
    var line: String { items.joined(separator: "\t") }

    /// - Returns: whether another request may follow.
    private mutating func readRequest() -> Bool {
        let start = position
        guard start < bytes.count else {
            items.append("end")
            return false
        }
        do throws(HTTPParseError) {
            return try readRequest(at: start)
        } catch {
            items.append("refused \(start) \(error.status) \(error)")
            return false
        }
    }

    private mutating func readRequest(at start: Int) throws(HTTPParseError) -> Bool {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        var scanned = 0
        let step = try HTTPRequestHead.parse(rest, scanned: &scanned, limits: HTTPLimits())
        guard case .head(let head) = step else {
            items.append("incomplete \(start)")
            return false
        }
        position = start + head.byteCount
        let (body, isWhole) = try readBody(head.framing)
        let target = String(decoding: rest[head.target], as: UTF8.self)
        let word = isWhole ? "request" : "partial"
        items.append("\(word) \(start) \(head.method.name) \(target) \(hexadecimal(body))")
        if isWhole, !head.keepAlive { items.append("closed") }
        return isWhole && head.keepAlive
    }

    private mutating func readBody(_ framing: HTTPFraming) throws(HTTPParseError) -> ([UInt8], Bool)
    {
        switch framing {
        case .none: return ([], true)
        case .length(let length):
            let end = min(bytes.count - position, length) + position
            defer { position = end }
            return (Array(bytes[position..<end]), end - position == length)
        case .chunked: return try readChunks()
        }
    }

    private mutating func readChunks() throws(HTTPParseError) -> ([UInt8], Bool) {
        var decoder = ChunkedDecoder(bodyLimit: Self.bodyLimit, limits: HTTPLimits())
        var body: [UInt8] = []
        while true {
            switch try decoder.next(bytes, &position) {
            case .data(let range): body += bytes[range]
            case .incomplete: return (body, false)
            case .done: return (body, true)
            }
        }
    }

    private func hexadecimal(_ body: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: body.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
