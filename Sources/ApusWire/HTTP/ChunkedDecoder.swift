/// What a chunked body gave next.
package enum ChunkedStep: Sendable, Equatable {
    /// These bytes, by their indices, are the body's next.
    case data(Range<Int>)
    /// Everything has been used; wait for more bytes.
    case incomplete
    /// The body and its trailers have ended. What follows belongs to the next request.
    case done
}

/// Takes a chunked body apart as it arrives. RFC 9112 §7.1.
///
///     chunk          = 1*HEXDIG [ chunk-ext ] CRLF chunk-data CRLF
///     last-chunk     = 1*"0" [ chunk-ext ] CRLF
///     chunk-ext      = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
///     chunked-body   = *chunk last-chunk *( field-line CRLF ) CRLF
///
/// Extensions are checked and ignored, trailers are checked and dropped. Holds no bytes of the
/// body. White space right after the size is refused although BWS could stand there: llhttp and h11
/// refuse it too, and a size that ends in doubt is what request smuggling is made of.
package struct ChunkedDecoder: Sendable {
    /// What the next byte is expected to be.
    private enum State: UInt8 {
        /// The first digit of a size.
        case size
        /// Another digit, `;` or CR.
        case sizeDigits
        /// The name of an extension, after `;` and white space.
        case extensionStart
        case extensionName
        /// White space after a name or a value: `=` (after a name), or `;`.
        case afterName, afterValue
        /// A value, after `=` and white space.
        case valueStart
        case value
        case quoted
        /// The byte after a backslash in a quoted string.
        case quotedPair
        /// After a closing quote: white space, `;` or CR.
        case valueEnd
        /// The LF that ends a size's line.
        case sizeLineFeed
        /// `remaining` bytes of data.
        case data
        case dataCarriageReturn, dataLineFeed
        /// The trailer section, with the empty line that ends the body.
        case trailers
        case done
    }

    private let bodyLimit: Int
    private let extensionLimit: Int
    private var state = State.size
    private var digitCount = 0
    /// The current chunk's size while it is read, then how much of its data is still to come.
    private var remaining = 0
    private var extensionByteCount = 0
    private var trailers: TrailerReader
    /// The body's bytes so far, as announced by the chunks' sizes.
    package private(set) var bodyByteCount = 0

    /// - Parameter bodyLimit: the most bytes that all chunks together may have.
    package init(bodyLimit: Int, limits: HTTPLimits) {
        self.bodyLimit = bodyLimit
        extensionLimit = limits.chunkExtensionByteCount
        trailers = TrailerReader(limit: limits.trailerByteCount)
    }

    /// Reads on at `position` up to the next piece of data, the end of the body, or the end of
    /// `bytes`.
    ///
    /// - Parameter position: the first byte not used yet; afterwards the first after what was used.
    /// - Throws: as soon as the bytes cannot become a body any more; `bodyTooLarge` when a size says so.
    package mutating func next(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(HTTPParseError) -> ChunkedStep {
        while position < bytes.count, state != .done {
            if state == .data { return .data(takeData(bytes, &position)) }
            let byte = bytes[position]
            position += 1
            try read(byte)
        }
        return state == .done ? .done : .incomplete
    }

    private mutating func takeData(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Range<
        Int
    > {
        let start = position
        position += min(remaining, bytes.count - start)
        remaining -= position - start
        if remaining == 0 { state = .dataCarriageReturn }
        return start..<position
    }

    private mutating func read(_ byte: UInt8) throws(HTTPParseError) {
        switch state {
        case .size, .sizeDigits: try readSize(byte)
        case .extensionStart, .extensionName, .afterName, .afterValue, .valueStart, .value, .quoted,
            .quotedPair, .valueEnd:
            try readExtension(byte)
        case .sizeLineFeed:
            guard byte == ASCII.lineFeed else { throw .bareCarriageReturn }
            try beginChunk()
        case .dataCarriageReturn:
            guard byte == ASCII.carriageReturn else { throw .missingChunkEnd(found: byte) }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == ASCII.lineFeed else { throw .missingChunkEnd(found: byte) }
            state = .size
        case .trailers:
            if try trailers.read(byte) { state = .done }
        case .data, .done:
            preconditionFailure("data is taken whole, and nothing is read after the end")
        }
    }

    // MARK: The size

    private mutating func readSize(_ byte: UInt8) throws(HTTPParseError) {
        if let digit = ByteClass.hexadecimal(byte) {
            digitCount += 1
            // 16 digits hold 64 bits; the highest has to stay clear for an Int.
            guard digitCount <= 16, remaining <= Int.max >> 4 else { throw .chunkSizeTooLong }
            remaining = remaining << 4 | Int(digit)
            state = .sizeDigits
        } else if state == .sizeDigits, byte == UInt8(ascii: ";") {
            try countExtension()
            state = .extensionStart
        } else if state == .sizeDigits, byte == ASCII.carriageReturn {
            state = .sizeLineFeed
        } else {
            throw byte == ASCII.lineFeed ? .bareLineFeed : .invalidChunkSizeByte(byte)
        }
    }

    private mutating func beginChunk() throws(HTTPParseError) {
        digitCount = 0
        guard remaining <= bodyLimit - bodyByteCount else { throw .bodyTooLarge(limit: bodyLimit) }
        bodyByteCount += remaining
        state = remaining == 0 ? .trailers : .data
    }

    // MARK: Extensions

    private mutating func countExtension() throws(HTTPParseError) {
        extensionByteCount += 1
        guard extensionByteCount <= extensionLimit else {
            throw .chunkExtensionsTooLarge(limit: extensionLimit)
        }
    }

    private mutating func readExtension(_ byte: UInt8) throws(HTTPParseError) {
        if byte == ASCII.carriageReturn, canEndExtension {
            state = .sizeLineFeed
            return
        }
        if byte == ASCII.lineFeed { throw .bareLineFeed }
        try countExtension()
        guard let next = stateAfter(byte) else { throw .malformedChunkExtension }
        state = next
    }

    private var canEndExtension: Bool {
        state == .extensionName || state == .value || state == .valueEnd
    }

    /// Where `byte` leads within an extension. Nil when it may not stand there.
    private func stateAfter(_ byte: UInt8) -> State? {
        let isSpace = HeadReader.isSpace(byte)
        let isToken = ByteClass.has(ByteClass.token, byte)
        switch state {
        case .extensionStart: return isToken ? .extensionName : isSpace ? .extensionStart : nil
        case .extensionName:
            if isToken { return .extensionName }
            return isSpace ? .afterName : stateAfterName(byte)
        case .afterName: return isSpace ? .afterName : stateAfterName(byte)
        case .valueStart:
            if byte == UInt8(ascii: "\"") { return .quoted }
            return isToken ? .value : isSpace ? .valueStart : nil
        case .value:
            if isToken { return .value }
            return isSpace ? .afterValue : stateAfterValue(byte)
        case .valueEnd, .afterValue: return isSpace ? .afterValue : stateAfterValue(byte)
        case .quoted:
            if byte == UInt8(ascii: "\"") { return .valueEnd }
            if byte == UInt8(ascii: "\\") { return .quotedPair }
            return Self.isText(byte) ? .quoted : nil
        case .quotedPair: return Self.isText(byte) ? .quoted : nil
        case .size, .sizeDigits, .sizeLineFeed, .data, .dataCarriageReturn, .dataLineFeed,
            .trailers, .done:
            preconditionFailure("only the states of an extension come here")
        }
    }

    private func stateAfterName(_ byte: UInt8) -> State? {
        byte == UInt8(ascii: "=") ? .valueStart : stateAfterValue(byte)
    }

    private func stateAfterValue(_ byte: UInt8) -> State? {
        byte == UInt8(ascii: ";") ? .extensionStart : nil
    }

    /// What a quoted string may hold: tab, space, visible characters, and bytes above ASCII. RFC
    /// 9110 §5.6.4.
    private static func isText(_ byte: UInt8) -> Bool {
        byte == ASCII.tab || (byte >= ASCII.space && byte != ASCII.delete)
    }
}
