/// What one attempt at a head gave.
package enum HTTPHeadStep: Sendable, Equatable {
    /// Wait for more bytes.
    case incomplete
    case head(HTTPRequestHead)
}

extension HTTPRequestHead {
    /// Reads the head at the front of `bytes`. Keeps nothing, copies nothing, allocates nothing.
    ///
    /// Two passes. The first looks for the end of the head, refuses control bytes and bare CR or
    /// LF, and goes on where it stopped last time, so bytes that trickle in are looked at once. The
    /// second reads the lines, which it then knows to be whole; it also runs when a line was
    /// completed but not yet the head, so that a wrong line is refused without waiting for the
    /// rest. A head has at most `limits.fieldCount` lines, which bounds that repetition.
    ///
    /// - Parameters:
    ///   - bytes: everything received since the last request's end.
    ///   - scanned: how far the first pass came; 0 for a new head, otherwise as the last call left it.
    /// - Throws: as soon as the bytes cannot become a request any more.
    package static func parse(
        _ bytes: UnsafeRawBufferPointer, scanned: inout Int, limits: HTTPLimits
    ) throws(HTTPParseError) -> HTTPHeadStep {
        let region = UnsafeRawBufferPointer(rebasing: bytes.prefix(limits.headByteCount))
        var scan = HeadScan(position: scanned)
        let end = try scan.run(region)
        scanned = scan.position
        if let end {
            var reader = HeadReader(region, limits: limits)
            return .head(try reader.readHead(endingAt: end))
        }
        if scan.completeLinesEnd > 0 {
            var reader = HeadReader(region, limits: limits)
            try reader.readLines(upTo: scan.completeLinesEnd)
        }
        try refuseOversized(bytes, limits)
        return .incomplete
    }

    /// Refuses what can only grow: a line or a head that fills its limit and has no end.
    private static func refuseOversized(
        _ bytes: UnsafeRawBufferPointer, _ limits: HTTPLimits
    ) throws(HTTPParseError) {
        // Method, space, target, space and version, each as long as it may be.
        let lineLimit = limits.methodByteCount + 1 + limits.targetByteCount + 1 + 8
        let start = HeadReader.requestLineStart(in: bytes)
        if bytes.count > start + lineLimit {
            let line = UnsafeRawBufferPointer(rebasing: bytes[..<(start + lineLimit + 1)])
            if line.firstControl(from: start) == line.count {
                _ = try HeadReader(line, limits: limits).scanMethod(upTo: line.count)
                throw .targetTooLong(limit: limits.targetByteCount)
            }
        }
        if bytes.count >= limits.headByteCount {
            throw .headTooLarge(limit: limits.headByteCount)
        }
    }
}

/// The first pass over a head: finds its end and makes sure that lines are lines.
struct HeadScan {
    /// Everything before it has been looked at.
    var position: Int
    /// After the last line end met in this pass; 0 when there was none.
    var completeLinesEnd = 0

    init(position: Int) { self.position = position }

    /// - Returns: the head's byte count, or nil when its end is not there yet.
    mutating func run(_ bytes: UnsafeRawBufferPointer) throws(HTTPParseError) -> Int? {
        while true {
            position = bytes.firstControl(from: position)
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            if byte == ASCII.carriageReturn {
                guard position + 1 < bytes.count else { return nil }
                guard bytes[position + 1] == ASCII.lineFeed else { throw .bareCarriageReturn }
                if try endsHead(bytes) { return position + 2 }
                position += 2
                completeLinesEnd = position
            } else if byte == ASCII.tab {
                position += 1
            } else {
                throw byte == ASCII.lineFeed ? .bareLineFeed : .controlByte(byte)
            }
        }
    }

    /// Whether the line end at `position` is that of the empty line after the fields. One empty
    /// line may stand before the request (RFC 9112 §2.2). A line feed just before can only be a
    /// line's end.
    private func endsHead(_ bytes: UnsafeRawBufferPointer) throws(HTTPParseError) -> Bool {
        if position == 0 { return false }
        guard bytes[position - 1] == ASCII.lineFeed else { return false }
        if position == 2 { throw .emptyLinesBeforeRequest }
        return true
    }
}
