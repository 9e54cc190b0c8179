extension HeadReader {
    /// `method SP target SP HTTP/1.y CRLF`, with exactly these spaces. RFC 9112 §3.
    mutating func readRequestLine() throws(HTTPParseError) {
        let end = Self.lineEnd(in: bytes, from: position)
        let methodEnd = try scanMethod(upTo: end)
        let target = methodEnd + 1..<max(methodEnd + 1, end - 9)
        guard target.count <= limits.targetByteCount else {
            throw .targetTooLong(limit: limits.targetByteCount)
        }
        guard end - 9 >= target.lowerBound, bytes[end - 9] == ASCII.space else {
            throw .malformedRequestLine
        }
        try readVersion(at: end - 8)
        guard let method = HTTPMethod(slice(position..<methodEnd)) else { throw .unknownMethod }
        guard method != .connect else { throw .tunnelRefused }
        head.method = method
        guard !target.isEmpty else { throw .malformedRequestLine }
        head.target = target
        try readTarget()
        position = end + 2
    }

    /// - Returns: where the space after the method is.
    func scanMethod(upTo end: Int) throws(HTTPParseError) -> Int {
        var index = position
        while index < end, ByteClass.has(ByteClass.token, bytes[index]) { index += 1 }
        guard index - position <= limits.methodByteCount else {
            throw .methodTooLong(limit: limits.methodByteCount)
        }
        guard index > position, index < end, bytes[index] == ASCII.space else {
            throw .malformedRequestLine
        }
        return index
    }

    private mutating func readVersion(at start: Int) throws(HTTPParseError) {
        let version = slice(start..<start + 8)
        guard UnsafeRawBufferPointer(rebasing: version[..<5]).isEqual(to: "HTTP/"),
            ByteClass.isDigit(version[5]), version[6] == UInt8(ascii: "."),
            ByteClass.isDigit(version[7])
        else { throw .malformedVersion }
        let major = version[5] - UInt8(ascii: "0")
        let minor = version[7] - UInt8(ascii: "0")
        guard major == 1, minor <= 1 else { throw .unsupportedVersion(major: major, minor: minor) }
        head.versionMinor = minor
    }

    /// The forms of RFC 9112 §3.2, without that of CONNECT.
    private mutating func readTarget() throws(HTTPParseError) {
        let target = head.target
        let first = bytes[target.lowerBound]
        if first == UInt8(ascii: "/") {
            try readPath(from: target.lowerBound)
        } else if first == UInt8(ascii: "*"), target.count == 1 {
            guard head.method == .options else { throw .wrongTargetForm(head.method) }
            head.path = target
        } else {
            try readPath(from: readOrigin())
        }
    }

    /// Reads `http://host` at the front of an absolute-form target. RFC 9112 §3.2.2.
    /// - Returns: where the path begins.
    private mutating func readOrigin() throws(HTTPParseError) -> Int {
        guard let start = hostStart() else {
            for byte in slice(head.target) where !ByteClass.has(ByteClass.target, byte) {
                throw .invalidTargetByte(byte)
            }
            throw .wrongTargetForm(head.method)
        }
        var end = start
        while end < head.target.upperBound, bytes[end] != UInt8(ascii: "/"),
            bytes[end] != UInt8(ascii: "?")
        {
            end += 1
        }
        guard HTTPAuthority.isValid(slice(start..<end)) else { throw .invalidAuthority }
        authority = start..<end
        return end
    }

    /// After the scheme, when the target begins with one of ours.
    private func hostStart() -> Int? {
        let target = slice(head.target)
        if UnsafeRawBufferPointer(rebasing: target.prefix(7)).isEqual(ignoringCase: "http://") {
            return head.target.lowerBound + 7
        }
        if UnsafeRawBufferPointer(rebasing: target.prefix(8)).isEqual(ignoringCase: "https://") {
            return head.target.lowerBound + 8
        }
        return nil
    }

    /// Path and query up to the target's end. RFC 3986 §3.3, §3.4.
    private mutating func readPath(from start: Int) throws(HTTPParseError) {
        let end = head.target.upperBound
        var pathEnd = end
        var index = start
        while index < end {
            let byte = bytes[index]
            guard ByteClass.has(ByteClass.target, byte) else { throw .invalidTargetByte(byte) }
            if byte == UInt8(ascii: "%") {
                try checkEscape(at: index, end: end)
            } else if byte == UInt8(ascii: "?"), pathEnd == end {
                pathEnd = index
            }
            index += 1
        }
        head.path = start..<pathEnd
        head.query = pathEnd < end ? pathEnd + 1..<end : nil
    }

    private func checkEscape(at index: Int, end: Int) throws(HTTPParseError) {
        guard index + 2 < end, let high = ByteClass.hexadecimal(bytes[index + 1]),
            let low = ByteClass.hexadecimal(bytes[index + 2])
        else { throw .invalidEscape }
        if high == 0, low == 0 { throw .escapedControl(0) }
    }
}
