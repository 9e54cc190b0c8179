import ApusWire

/// Reads CSV one record at a time (RFC 4180), with LF as well as CRLF. Only quoted fields with a quotation mark in them
/// are copied. Lines with nothing in them are passed over, as pandas does.
struct CSVReader {
    private let text: UnsafeRawBufferPointer
    private let fieldLimit: Int
    private var position = 0
    /// The record being read, 1 for the first; for errors.
    private(set) var number = 0
    /// Where each field of the record is: in the text, or in `unescaped`.
    private var places: [(range: Range<Int>, isUnescaped: Bool)] = []
    private let unescaped = ResponseBuffer(capacity: 256)

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// - Parameters:
    ///   - text: borrowed for as long as this is used. A byte order mark at its front is passed over.
    ///   - fieldLimit: the most fields of a record.
    init(_ text: UnsafeRawBufferPointer, fieldLimit: Int) {
        self.text = text
        self.fieldLimit = fieldLimit
        if text.count >= 3, text[0] == 0xEF, text[1] == 0xBB, text[2] == 0xBF { position = 3 }
    }

    /// Reads the next record.
    /// - Parameter fields: replaced by its fields, which are good until the next call.
    /// - Returns: false at the end.
    /// - Throws: `malformed` for a quotation mark where there may be none, and for too many fields.
    mutating func next(_ fields: inout [UnsafeRawBufferPointer]) throws(InferenceError) -> Bool {
        while position < text.count, isLineEnd { skipLineEnd() }
        guard position < text.count else { return false }
        number += 1
        places.removeAll(keepingCapacity: true)
        unescaped.removeAll()
        while true {
            guard places.count < fieldLimit else {
                throw .malformed("CSV record \(number) has more than \(fieldLimit) fields; at most so many are expected")
            }
            try readField()
            guard position < text.count, text[position] == Self.comma else { break }
            position += 1
        }
        skipLineEnd()
        fields.removeAll(keepingCapacity: true)
        for (range, isUnescaped) in places {
            fields.append(UnsafeRawBufferPointer(rebasing: (isUnescaped ? unescaped.bytes : text)[range]))
        }
        return true
    }

    private var isLineEnd: Bool {
        text[position] == Self.lineFeed
            || text[position] == Self.carriageReturn && position + 1 < text.count && text[position + 1] == Self.lineFeed
    }

    private mutating func skipLineEnd() {
        guard position < text.count else { return }
        position += text[position] == Self.carriageReturn ? 2 : 1
    }

    /// Up to the comma, the line's end or the text's.
    private mutating func readField() throws(InferenceError) {
        if position < text.count, text[position] == Self.quote { return try readQuoted() }
        let start = position
        while position < text.count, text[position] != Self.comma, !isLineEnd {
            guard text[position] != Self.quote else {
                throw .malformed("CSV record \(number) has a quotation mark inside a field that does not begin with one")
            }
            position += 1
        }
        places.append((start..<position, false))
    }

    private mutating func readQuoted() throws(InferenceError) {
        position += 1
        var start = position
        let first = unescaped.count
        while position < text.count {
            guard text[position] == Self.quote else {
                position += 1
                continue
            }
            if position + 1 < text.count, text[position + 1] == Self.quote {
                // With one of the two quotation marks.
                unescaped.append(UnsafeRawBufferPointer(rebasing: text[start...position]))
                position += 2
                start = position
                continue
            }
            let rest = start..<position
            position += 1
            guard position == text.count || text[position] == Self.comma || isLineEnd else {
                throw .malformed("CSV record \(number) has something behind a closing quotation mark")
            }
            guard unescaped.count > first else { return places.append((rest, false)) }
            unescaped.append(UnsafeRawBufferPointer(rebasing: text[rest]))
            return places.append((first..<unescaped.count, true))
        }
        throw .malformed("CSV record \(number) has a quotation mark that is not closed")
    }
}
