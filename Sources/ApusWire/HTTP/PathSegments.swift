/// One part of a path between slashes, still percent-encoded. Borrows the bytes of the request.
package struct PathSegment {
    /// As it came.
    package let encoded: UnsafeRawBufferPointer
    /// Whether it holds a `%`.
    package let isEscaped: Bool

    package init(encoded: UnsafeRawBufferPointer, isEscaped: Bool) {
        self.encoded = encoded
        self.isEscaped = isEscaped
    }

    /// Whether the decoded segment is `text`. Allocates nothing.
    package func isEqual(to text: StaticString) -> Bool {
        isEqual(to: UnsafeRawBufferPointer(text))
    }

    /// Whether the decoded segment has exactly these bytes. Allocates nothing.
    package func isEqual(to bytes: UnsafeRawBufferPointer) -> Bool {
        if !isEscaped {
            guard encoded.count == bytes.count else { return false }
            for index in 0..<bytes.count where encoded[index] != bytes[index] { return false }
            return true
        }
        var position = 0
        for byte in bytes {
            guard position < encoded.count, decode(at: &position) == byte else { return false }
        }
        return position == encoded.count
    }

    package static func == (segment: PathSegment, text: StaticString) -> Bool {
        segment.isEqual(to: text)
    }

    /// The decoded segment as a number, if it is one in decimal.
    package var number: Int? { isEscaped ? nil : encoded.decimal }

    /// Writes the decoded segment.
    /// - Parameter memory: at least `encoded.count` bytes.
    /// - Returns: how many bytes were written.
    package func decode(into memory: UnsafeMutableRawBufferPointer) -> Int {
        precondition(memory.count >= encoded.count, "the caller has room for the encoded segment")
        var position = 0
        var count = 0
        while position < encoded.count {
            memory[count] = decode(at: &position)
            count += 1
        }
        return count
    }

    /// The decoded segment. Nil when it is not UTF-8. Allocates.
    package var text: String? {
        withUnsafeTemporaryAllocation(byteCount: encoded.count, alignment: 1) { memory in
            let decoded = UnsafeRawBufferPointer(rebasing: memory[..<decode(into: memory)])
            return String(validating: decoded, as: UTF8.self)
        }
    }

    /// The parts before and after the last `separator` that is not escaped, as in `model:predict`.
    package func splitLast(_ separator: UInt8) -> (PathSegment, PathSegment)? {
        guard let index = encoded.lastIndex(of: separator) else { return nil }
        return (part(encoded[..<index]), part(encoded[(index + 1)...]))
    }

    private func part(_ slice: Slice<UnsafeRawBufferPointer>) -> PathSegment {
        PathSegment(encoded: UnsafeRawBufferPointer(rebasing: slice), isEscaped: isEscaped)
    }

    /// The byte at `position`, which moves on. Escapes were checked when the segment was made.
    private func decode(at position: inout Int) -> UInt8 {
        let byte = encoded[position]
        position += 1
        guard byte == UInt8(ascii: "%"), position + 1 < encoded.count,
            let high = ByteClass.hexadecimal(encoded[position]),
            let low = ByteClass.hexadecimal(encoded[position + 1])
        else { return byte }
        position += 2
        return high << 4 | low
    }
}

/// Gives out the segments of a path, for routing. Allocates nothing.
///
/// `/v2/models/a%20b` has three segments; `/v2/` has `v2` and an empty one; `/` has one, empty; an
/// empty path, as in `http://host`, is `/` (RFC 9110 §4.2.3). `*` is one segment. Dot segments have
/// no meaning here: names are looked up, never joined to a file's path.
package struct PathSegments {
    private let path: UnsafeRawBufferPointer
    private var position: Int

    /// - Parameter path: the bytes that `HTTPRequestHead.path` names.
    package init(_ path: UnsafeRawBufferPointer) {
        self.path = path
        position = path.first == UInt8(ascii: "/") ? 1 : 0
    }

    /// The next segment, nil at the end.
    /// - Throws: `invalidEscape`; `escapedControl` for `%00` to `%1F` and `%7F`.
    package mutating func next() throws(HTTPParseError) -> PathSegment? {
        guard position <= path.count else { return nil }
        let start = position
        var isEscaped = false
        while position < path.count, path[position] != UInt8(ascii: "/") {
            if path[position] == UInt8(ascii: "%") {
                isEscaped = true
                try checkEscape()
            }
            position += 1
        }
        let encoded = UnsafeRawBufferPointer(rebasing: path[start..<position])
        position += 1
        return PathSegment(encoded: encoded, isEscaped: isEscaped)
    }

    private func checkEscape() throws(HTTPParseError) {
        guard position + 2 < path.count, let high = ByteClass.hexadecimal(path[position + 1]),
            let low = ByteClass.hexadecimal(path[position + 2])
        else { throw .invalidEscape }
        let byte = high << 4 | low
        if byte < ASCII.space || byte == ASCII.delete { throw .escapedControl(byte) }
    }
}
