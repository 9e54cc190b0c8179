extension HeadReader {
    /// One `name: value CRLF`. RFC 9112 §5.
    mutating func readField() throws(HTTPParseError) {
        fieldCount += 1
        guard fieldCount <= limits.fieldCount else {
            throw .tooManyFields(limit: limits.fieldCount)
        }
        let start = position
        var colon = start
        var flags = ByteClass.flags(bytes[colon])
        var allFlags: UInt8 = 0
        while flags & ByteClass.token != 0 {
            // Only the underscore has its flag; collecting them all costs less than asking each
            // time.
            allFlags |= flags
            colon += 1
            flags = ByteClass.flags(bytes[colon])
        }
        guard bytes[colon] == UInt8(ascii: ":"), colon > start else {
            throw nameError(from: start, at: colon)
        }
        let name = slice(start..<colon)
        let end = Self.lineEnd(in: bytes, from: colon + 1)
        position = end + 2
        if let field = HTTPField(name) {
            try read(field, Self.trimmed(colon + 1..<end, in: bytes))
        } else if allFlags & ByteClass.underscore != 0,
            let field = HTTPField(readingUnderscoreAsHyphen: name)
        {
            throw .underscoreInName(field)
        }
    }

    private func nameError(from start: Int, at index: Int) -> HTTPParseError {
        let byte = bytes[index]
        if Self.isSpace(byte) {
            if index == start { return .foldedField }
            var next = index
            while Self.isSpace(bytes[next]) { next += 1 }
            return bytes[next] == UInt8(ascii: ":")
                ? .spaceBeforeColon : .invalidFieldNameByte(byte)
        }
        if byte == ASCII.carriageReturn { return .missingColon }
        return byte == UInt8(ascii: ":") ? .emptyFieldName : .invalidFieldNameByte(byte)
    }

    private mutating func read(_ field: HTTPField, _ value: Range<Int>) throws(HTTPParseError) {
        let isFirst = seen.insert(field)
        switch field {
        case .host, .contentType, .authorization, .contentLength, .transferEncoding,
            .inferenceHeaderContentLength:
            guard isFirst else { throw .duplicateField(field) }
            try readSingle(field, value)
        case .accept:
            if isFirst { head.accept = value }
        case .requestID:
            if isFirst, HTTPRequestHead.isWellFormedRequestID(slice(value)) {
                head.requestID = value
            }
        case .expect: try readExpect(value)
        case .connection: connection.read(slice(value))
        case .acceptEncoding: codings.read(slice(value))
        case .contentEncoding: head.contentCoding = isFirst ? contentCoding(slice(value)) : .unknown
        }
    }

    private mutating func readSingle(_ field: HTTPField, _ value: Range<Int>) throws(HTTPParseError)
    {
        switch field {
        case .host:
            guard HTTPAuthority.isValid(slice(value)) else { throw .invalidHost }
            head.host = value
        case .contentType: head.contentType = value
        case .authorization: head.authorization = value
        case .contentLength:
            guard let length = slice(value).decimal else { throw .invalidContentLength }
            contentLength = length
        case .transferEncoding: try checkTransferEncoding(slice(value))
        case .inferenceHeaderContentLength:
            guard let length = slice(value).decimal else { throw .invalidInferenceHeaderLength }
            head.inferenceHeaderContentLength = length
        case .accept, .expect, .connection, .requestID, .acceptEncoding, .contentEncoding:
            preconditionFailure("only fields that may be given once come here")
        }
    }

    /// Only `chunked` alone. Never falls back to Content-Length. RFC 9112 §6.1, §6.3 item 4.
    private func checkTransferEncoding(_ value: UnsafeRawBufferPointer) throws(HTTPParseError) {
        if value.isEqual(ignoringCase: "chunked") { return }
        var last = UnsafeRawBufferPointer(start: nil, count: 0)
        var chunkedCount = 0
        var isWellFormed = true
        var list = ListElements(value)
        while let element = list.next() {
            last = element
            if element.isEqual(ignoringCase: "chunked") { chunkedCount += 1 }
            if !element.isToken { isWellFormed = false }
        }
        let endsChunked = chunkedCount == 1 && last.isEqual(ignoringCase: "chunked")
        throw isWellFormed && endsChunked ? .unsupportedTransferCoding : .malformedTransferEncoding
    }

    /// An HTTP/1.0 client's expectation is ignored; another than `100-continue` is refused. RFC
    /// 9110 §10.1.1.
    private func readExpect(_ value: Range<Int>) throws(HTTPParseError) {
        guard head.versionMinor == 1 else { return }
        guard slice(value).isEqual(ignoringCase: "100-continue") else { throw .unknownExpectation }
    }

    private func contentCoding(_ value: UnsafeRawBufferPointer) -> HTTPContentCoding {
        if value.isEqual(ignoringCase: "gzip") || value.isEqual(ignoringCase: "x-gzip") {
            return .gzip
        }
        if value.isEqual(ignoringCase: "deflate") { return .deflate }
        return value.isEqual(ignoringCase: "identity") ? .identity : .unknown
    }
}

extension UnsafeRawBufferPointer {
    /// The number that these decimal digits are: no sign, no leading zero, no more than 63 bits.
    /// Some readers take `010` for eight; nobody writes a length so.
    var decimal: Int? {
        guard let first, count <= 19, first != UInt8(ascii: "0") || count == 1 else { return nil }
        var number: UInt = 0
        for byte in self {
            guard ByteClass.isDigit(byte) else { return nil }
            number = number * 10 + UInt(byte - UInt8(ascii: "0"))
        }
        return Int(exactly: number)
    }

    /// Whether these bytes are a token. RFC 9110 §5.6.2.
    var isToken: Bool {
        for byte in self where !ByteClass.has(ByteClass.token, byte) { return false }
        return !isEmpty
    }
}
