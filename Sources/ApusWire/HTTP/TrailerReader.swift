/// Checks the trailer section after a chunked body and drops it. RFC 9112 §7.1.2.
///
///     section = *( token ":" value CRLF ) CRLF
struct TrailerReader: Sendable {
    /// What the next byte is expected to be.
    private enum State: UInt8 {
        /// A name, or the CR of the empty line.
        case lineStart
        case name
        case value
        /// The LF that ends a field.
        case lineFeed
        /// The LF of the empty line.
        case lastLineFeed
    }

    /// Fields that change framing, routing, rights or how the body is read: they would come too
    /// late, or would be believed by somebody behind a server that merges trailers (RFC 9110
    /// §6.5.1).
    private static func isForbidden(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 2: name.isEqual(ignoringCase: "te")
        case 4: name.isEqual(ignoringCase: "host")
        case 6: name.isEqual(ignoringCase: "expect") || name.isEqual(ignoringCase: "cookie")
        case 7: name.isEqual(ignoringCase: "upgrade") || name.isEqual(ignoringCase: "trailer")
        case 10:
            name.isEqual(ignoringCase: "connection") || name.isEqual(ignoringCase: "keep-alive")
        case 12: name.isEqual(ignoringCase: "content-type")
        case 13:
            name.isEqual(ignoringCase: "authorization")
                || name.isEqual(ignoringCase: "content-range")
        case 14: name.isEqual(ignoringCase: "content-length")
        case 16: name.isEqual(ignoringCase: "content-encoding")
        case 17: name.isEqual(ignoringCase: "transfer-encoding")
        case 31: name.isEqual(ignoringCase: "inference-header-content-length")
        case _: false
        }
    }

    private let limit: Int
    private var byteCount = 0
    private var state = State.lineStart
    /// The current name with `_` read as `-`. No forbidden name is longer than this holds.
    private var name = SIMD32<UInt8>()
    private var nameByteCount = 0

    init(limit: Int) { self.limit = limit }

    /// - Returns: whether `byte` was the last of the section.
    mutating func read(_ byte: UInt8) throws(HTTPParseError) -> Bool {
        byteCount += 1
        guard byteCount <= limit else { throw .trailersTooLarge(limit: limit) }
        switch state {
        case .lineStart: try readLineStart(byte)
        case .name: try readName(byte)
        case .value: try readValue(byte)
        case .lineFeed:
            guard byte == ASCII.lineFeed else { throw .bareCarriageReturn }
            state = .lineStart
        case .lastLineFeed:
            guard byte == ASCII.lineFeed else { throw .bareCarriageReturn }
            return true
        }
        return false
    }

    private mutating func readLineStart(_ byte: UInt8) throws(HTTPParseError) {
        if byte == ASCII.carriageReturn {
            state = .lastLineFeed
        } else if HeadReader.isSpace(byte) {
            throw .foldedField
        } else {
            nameByteCount = 0
            state = .name
            try readName(byte)
        }
    }

    private mutating func readName(_ byte: UInt8) throws(HTTPParseError) {
        if byte == UInt8(ascii: ":") {
            guard nameByteCount > 0 else { throw .emptyFieldName }
            if nameIsForbidden() { throw .forbiddenTrailer }
            state = .value
        } else if ByteClass.has(ByteClass.token, byte) {
            if nameByteCount < name.scalarCount {
                name[nameByteCount] = byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
            }
            nameByteCount += 1
        } else {
            throw nameError(byte)
        }
    }

    private func nameError(_ byte: UInt8) -> HTTPParseError {
        if byte == ASCII.lineFeed { return .bareLineFeed }
        if byte == ASCII.carriageReturn { return .missingColon }
        return HeadReader.isSpace(byte) ? .spaceBeforeColon : .invalidFieldNameByte(byte)
    }

    private func nameIsForbidden() -> Bool {
        guard nameByteCount <= name.scalarCount else { return false }
        return withUnsafeBytes(of: name) {
            Self.isForbidden(UnsafeRawBufferPointer(rebasing: $0[..<nameByteCount]))
        }
    }

    private mutating func readValue(_ byte: UInt8) throws(HTTPParseError) {
        if byte == ASCII.carriageReturn {
            state = .lineFeed
        } else if byte == ASCII.lineFeed {
            throw .bareLineFeed
        } else if (byte < ASCII.space && byte != ASCII.tab) || byte == ASCII.delete {
            throw .controlByte(byte)
        }
    }
}
