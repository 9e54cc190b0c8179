/// The second pass over a head: reads whole lines, in which `HeadScan` has found no control byte
/// but tabs.
struct HeadReader {
    let bytes: UnsafeRawBufferPointer
    let limits: HTTPLimits
    var head = HTTPRequestHead()
    /// Where the next line begins.
    var position: Int
    var fieldCount = 0
    var seen = HTTPFieldSet()
    /// The host within an absolute-form target.
    var authority: Range<Int>?
    var contentLength: Int?
    var connection = ConnectionOptions()
    var codings = CodingPreferences()

    init(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits) {
        self.bytes = bytes
        self.limits = limits
        position = Self.requestLineStart(in: bytes)
    }

    /// Reads a head of `end` bytes.
    mutating func readHead(endingAt end: Int) throws(HTTPParseError) -> HTTPRequestHead {
        try readLines(upTo: end - 2)
        try finish()
        head.byteCount = end
        return head
    }

    /// Reads the lines before `end`, which is where a line begins.
    mutating func readLines(upTo end: Int) throws(HTTPParseError) {
        guard position < end else { return }
        try readRequestLine()
        head.fieldsStart = position
        while position < end { try readField() }
    }

    /// What can only be judged when every field has been read.
    private mutating func finish() throws(HTTPParseError) {
        try finishHost()
        try finishFraming()
        let hasBody = head.framing != .none && head.framing != .length(0)
        head.expectsContinue = seen.contains(.expect) && hasBody && head.versionMinor == 1
        head.keepAlive = connection.keepsAlive(versionMinor: head.versionMinor)
        head.acceptedCodings = codings.accepted
    }

    private func finishHost() throws(HTTPParseError) {
        guard let host = head.host else {
            if head.versionMinor == 1 { throw .missingHost }
            return
        }
        guard let authority else { return }
        guard isSameHost(authority, host) else { throw .hostMismatch }
    }

    private func isSameHost(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        guard one.count == other.count else { return false }
        for index in 0..<one.count {
            // Both are valid hosts, in whose characters the case bit of a letter is the only
            // difference it makes.
            guard bytes[one.lowerBound + index] | 0x20 == bytes[other.lowerBound + index] | 0x20
            else { return false }
        }
        return true
    }

    private mutating func finishFraming() throws(HTTPParseError) {
        if seen.contains(.transferEncoding) {
            guard head.versionMinor == 1 else { throw .transferEncodingInHTTP10 }
            guard contentLength == nil else { throw .contentLengthWithTransferEncoding }
            head.framing = .chunked
        } else if let contentLength {
            head.framing = .length(contentLength)
        }
    }
}

extension HeadReader {
    /// 2 when an empty line stands before the request line, otherwise 0.
    static func requestLineStart(in bytes: UnsafeRawBufferPointer) -> Int {
        bytes.count >= 2 && bytes[0] == ASCII.carriageReturn ? 2 : 0
    }

    /// Where the CR is that ends the line at `start`. There is one.
    @inline(__always)
    static func lineEnd(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var end = bytes.firstControl(from: start)
        while bytes[end] == ASCII.tab { end = bytes.firstControl(from: end + 1) }
        return end
    }

    /// `range` without white space at its ends. RFC 9110 §5.5.
    @inline(__always)
    static func trimmed(_ range: Range<Int>, in bytes: UnsafeRawBufferPointer) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

    @inline(__always)
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }
}
