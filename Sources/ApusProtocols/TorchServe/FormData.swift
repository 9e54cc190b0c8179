import ApusWire

/// The parts of a `multipart/form-data` body (RFC 7578, RFC 2046 §5.1.1). The boundary is what its first line says.
struct FormData {
    /// More than a row's form has, and few enough to look at one after the other.
    private static let partLimit = 16
    /// `--` and a boundary of 70 bytes (RFC 2046 §5.1.1).
    private static let delimiterLimit = 72
    private static let headLimit = 4096
    private static let lineEnd: [UInt8] = [13, 10]

    struct Part {
        /// `name` of its `Content-Disposition`; empty when it has none.
        let name: String
        /// Borrowed from the body.
        let content: UnsafeRawBufferPointer
    }

    private(set) var parts: [Part] = []

    /// Whether a body is such a form and no JSON, which never begins with two hyphens.
    static func isBegun(by body: UnsafeRawBufferPointer) -> Bool { body.starts(with: "--".utf8) }

    /// - Throws: `malformed` for a body of another form, or one of more than 16 parts.
    init(_ body: UnsafeRawBufferPointer) throws(InferenceError) {
        let firstLine = body.prefix(Self.delimiterLimit + 2)
        guard let end = Self.place(of: Self.lineEnd, in: UnsafeRawBufferPointer(rebasing: firstLine), from: 0), end > 2
        else {
            throw .malformed("the form does not begin with a line of '--' and its boundary (RFC 2046 §5.1.1)")
        }
        let delimiter = Self.lineEnd + body[..<end]
        var position = end
        while !body[position...].starts(with: "--".utf8) {
            guard body[position...].starts(with: Self.lineEnd), parts.count < Self.partLimit else {
                throw .malformed("the form has more than \(Self.partLimit) parts, or something behind a boundary")
            }
            position = try readPart(body, from: position + 2, delimiter)
        }
    }

    /// - Returns: where the delimiter behind the part ends.
    private mutating func readPart(
        _ body: UnsafeRawBufferPointer, from start: Int, _ delimiter: [UInt8]
    ) throws(InferenceError) -> Int {
        let head = UnsafeRawBufferPointer(rebasing: body[start..<min(body.count, start + Self.headLimit)])
        guard let headEnd = Self.place(of: Self.lineEnd + Self.lineEnd, in: head, from: 0) else {
            throw .malformed("a part of the form has no end of its head within \(Self.headLimit) bytes")
        }
        let content = start + headEnd + 4
        // The line's end before the delimiter belongs to it; that of the head does where the content is empty.
        guard let end = Self.place(of: delimiter, in: body, from: content - 2) else {
            throw .malformed("a part of the form has no boundary behind it")
        }
        let name = Self.name(UnsafeRawBufferPointer(rebasing: head[..<headEnd]))
        parts.append(Part(name: name, content: UnsafeRawBufferPointer(rebasing: body[content..<max(content, end)])))
        return end + delimiter.count
    }

    /// `name="…"` of `Content-Disposition: form-data; name="…"`.
    private static func name(_ head: UnsafeRawBufferPointer) -> String {
        for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n") {
            guard line.lowercased().hasPrefix("content-disposition:") else { continue }
            for field in line.split(separator: ";").dropFirst() {
                let field = field.drop { $0 == " " }
                guard field.hasPrefix("name=") else { continue }
                return String(field.dropFirst(5)).trimming("\"")
            }
        }
        return ""
    }

    private static func place(of wanted: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var place = start
        while place + wanted.count <= bytes.count {
            if bytes[place] == wanted[0], bytes[place...].starts(with: wanted) { return place }
            place += 1
        }
        return nil
    }
}

extension String {
    fileprivate func trimming(_ mark: Character) -> String {
        var text = self[...]
        if text.first == mark { text.removeFirst() }
        if text.last == mark { text.removeLast() }
        return String(text)
    }
}
