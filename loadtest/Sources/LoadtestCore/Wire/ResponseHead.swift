import Glibc

/// The status line and the header fields of an answer that say where its body ends.
///
/// This parser is loadtest's own: a load generator that shares the server's parser shares its bugs.
/// It believes nothing the framing rules of RFC 9112 §6.3 do not allow, and skips all it does not need.
package struct ResponseHead: Equatable {
    /// How the end of the body is found (RFC 9112 §6.3).
    package enum Framing: Equatable {
        case length(Int)
        case chunked
        case untilClose
    }

    package var status: Int
    package var isSuccess: Bool { status >= 200 && status < 300 }
    /// Status line, fields and the empty line.
    package var byteCount: Int
    package var framing: Framing
    /// The server will close, so the connection is not used again.
    package var closes: Bool
    package var isGzip = false
    /// Where the value of `Server-Timing` lies in the bytes; empty when there is none.
    package var serverTiming = 0..<0
    /// The value of `Inference-Header-Content-Length`; -1 when there is none.
    package var inferenceHeaderByteCount = -1
}

/// Why the bytes are no HTTP answer.
package enum MalformedAnswer: Error, Equatable {
    case notHTTP, badStatus, headTooLong, badLength, badChunk, conflictingFraming
    /// Bytes came that nobody had asked for.
    case unasked
}

/// What the front of some bytes is.
package enum HeadStep: Equatable {
    case incomplete
    case head(ResponseHead)
    case malformed(MalformedAnswer)
}

extension ResponseHead {
    /// A longer head is taken for garbage.
    package static let byteLimit = 64 << 10

    /// Reads the head at the front of `bytes`. Keeps nothing, copies nothing, allocates nothing.
    package static func parse(_ bytes: UnsafeRawBufferPointer) -> HeadStep {
        guard bytes.count >= 13, let base = bytes.baseAddress else { return short(bytes) }
        guard isHTTP(bytes) else { return .malformed(.notHTTP) }
        guard let status = threeDigits(bytes, at: 9) else { return .malformed(.badStatus) }
        var fields = FieldScan(isHTTP10: bytes[7] == UInt8(ascii: "0"))
        var start = 0
        var end = bytes.count
        while let newline = memchr(base + start, 10, bytes.count - start) {
            end = UnsafeRawPointer(newline) - base
            let lineEnd = end > start && bytes[end - 1] == 13 ? end - 1 : end
            if lineEnd == start { return fields.finish(status, byteCount: end + 1) }
            if start > 0 { fields.take(bytes, start, lineEnd) }
            start = end + 1
        }
        return bytes.count > byteLimit ? .malformed(.headTooLong) : .incomplete
    }

    /// Fewer bytes than a status line has: they may still become one.
    private static func short(_ bytes: UnsafeRawBufferPointer) -> HeadStep {
        let wanted: StaticString = "HTTP/1."
        let count = min(bytes.count, wanted.utf8CodeUnitCount)
        guard count > 0 else { return .incomplete }
        let agrees = memcmp(bytes.baseAddress!, wanted.utf8Start, count) == 0
        return agrees ? .incomplete : .malformed(.notHTTP)
    }

    private static func isHTTP(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let wanted: StaticString = "HTTP/1."
        return memcmp(bytes.baseAddress!, wanted.utf8Start, 7) == 0 && bytes[8] == 32
    }

    private static func threeDigits(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int? {
        var value = 0
        for index in offset..<offset + 3 {
            let digit = bytes[index] &- 48
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value >= 100 ? value : nil
    }
}

/// What the header fields have said so far.
private struct FieldScan {
    var isHTTP10: Bool
    var length = -1
    var isChunked = false
    var closes = false
    var keepsAlive = false
    var isGzip = false
    var isBad = false
    var serverTiming = 0..<0
    var inferenceHeaderByteCount = -1

    /// Looks at one field line, `start..<end`. Most are told apart by their first letter.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) {
        switch bytes[start] | 0x20 {
        case UInt8(ascii: "c"): takeC(bytes, start, end)
        case UInt8(ascii: "t"):
            guard let value = field("transfer-encoding", bytes, start, end) else { return }
            isChunked = equals("chunked", bytes, value)
            if !isChunked { isBad = true }
        case UInt8(ascii: "s"):
            if let value = field("server-timing", bytes, start, end) { serverTiming = value }
        case UInt8(ascii: "i"):
            guard let value = field("inference-header-content-length", bytes, start, end)
            else { return }
            inferenceHeaderByteCount = digits(bytes, value) ?? -1
        default: break
        }
    }

    private mutating func takeC(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) {
        if let value = field("content-length", bytes, start, end) {
            guard let number = digits(bytes, value), length < 0 || length == number
            else {
                isBad = true
                return
            }
            length = number
        } else if let value = field("connection", bytes, start, end) {
            closes = closes || equals("close", bytes, value)
            keepsAlive = keepsAlive || equals("keep-alive", bytes, value)
        } else if let value = field("content-encoding", bytes, start, end) {
            isGzip = equals("gzip", bytes, value)
        }
    }

    func finish(_ status: Int, byteCount: Int) -> HeadStep {
        if isBad { return .malformed(.badLength) }
        if isChunked && length >= 0 { return .malformed(.conflictingFraming) }
        let framing: ResponseHead.Framing =
            if status < 200 || status == 204 || status == 304 { .length(0) } else if isChunked {
                .chunked
            } else if length >= 0 { .length(length) } else { .untilClose }
        let ends = closes || framing == .untilClose || (isHTTP10 && !keepsAlive)
        return .head(
            ResponseHead(
                status: status, byteCount: byteCount, framing: framing, closes: ends,
                isGzip: isGzip,
                serverTiming: serverTiming, inferenceHeaderByteCount: inferenceHeaderByteCount))
    }

    /// Where the value lies when the line's field is `name` (in lower case).
    private func field(
        _ name: StaticString, _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int
    ) -> Range<Int>? {
        let count = name.utf8CodeUnitCount
        guard end - start > count, bytes[start + count] == UInt8(ascii: ":") else { return nil }
        guard equals(name, bytes, start..<start + count) else { return nil }
        var low = start + count + 1
        var high = end
        while low < high, bytes[low] == 32 || bytes[low] == 9 { low += 1 }
        while high > low, bytes[high - 1] == 32 || bytes[high - 1] == 9 { high -= 1 }
        return low..<high
    }

    private func equals(
        _ name: StaticString, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        for index in 0..<range.count
        where name.utf8Start[index] != lower(bytes[range.lowerBound + index]) {
            return false
        }
        return true
    }

    private func lower(_ byte: UInt8) -> UInt8 {
        byte >= 65 && byte <= 90 ? byte | 0x20 : byte
    }

    private func digits(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.count <= 18 else { return nil }
        var value = 0
        for index in range {
            let digit = bytes[index] &- 48
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}
