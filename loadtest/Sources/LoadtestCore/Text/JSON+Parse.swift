extension JSON {
    /// Why a text is not JSON.
    package struct SyntaxError: Error, Equatable, CustomStringConvertible {
        package let what: String
        /// Counted from 0.
        package let byteOffset: Int

        package var description: String { "\(what) at byte \(byteOffset)" }
    }

    /// Deeper nesting is refused.
    package static let depthLimit = 128

    package static func parse(_ bytes: [UInt8]) throws(SyntaxError) -> JSON {
        var reader = Reader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.error("more after the value") }
        return value
    }

    package static func parse(_ text: String) throws(SyntaxError) -> JSON {
        try parse(Array(text.utf8))
    }
}

private struct Reader {
    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    func error(_ what: String) -> JSON.SyntaxError {
        JSON.SyntaxError(what: what, byteOffset: index)
    }

    private var byte: UInt8 { index < bytes.count ? bytes[index] : 0 }

    mutating func skipSpace() {
        while index < bytes.count, byte == 32 || byte == 9 || byte == 10 || byte == 13 {
            index += 1
        }
    }

    mutating func value(depth: Int) throws(JSON.SyntaxError) -> JSON {
        guard depth < JSON.depthLimit else { throw error("nested too deeply") }
        skipSpace()
        guard index < bytes.count else { throw error("nothing where a value should be") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth)
        case UInt8(ascii: "["): return try array(depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "N"): return try word("NaN", .number("NaN"))
        case UInt8(ascii: "I"): return try word("Infinity", .number("Infinity"))
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSON) throws(JSON.SyntaxError) -> JSON {
        guard bytes[index...].starts(with: text.utf8) else { throw error("an unknown word") }
        index += text.utf8.count
        return value
    }

    private mutating func object(_ depth: Int) throws(JSON.SyntaxError) -> JSON {
        var members: [JSON.Member] = []
        index += 1
        skipSpace()
        if byte == UInt8(ascii: "}") {
            index += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard byte == UInt8(ascii: "\"") else {
                throw error("no name where a member should be")
            }
            let name = try string()
            skipSpace()
            guard byte == UInt8(ascii: ":") else { throw error("no colon after a name") }
            index += 1
            members.append(JSON.Member(name, try value(depth: depth + 1)))
            if try ends(with: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array(_ depth: Int) throws(JSON.SyntaxError) -> JSON {
        var elements: [JSON] = []
        index += 1
        skipSpace()
        if byte == UInt8(ascii: "]") {
            index += 1
            return .array([])
        }
        while true {
            elements.append(try value(depth: depth + 1))
            if try ends(with: UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    /// Takes a comma (false) or the closing byte (true).
    private mutating func ends(with closing: UInt8) throws(JSON.SyntaxError) -> Bool {
        skipSpace()
        guard byte == closing || byte == UInt8(ascii: ",") else {
            throw error("no comma between values")
        }
        index += 1
        return bytes[index - 1] == closing
    }

    private mutating func number() throws(JSON.SyntaxError) -> JSON {
        let start = index
        if byte == UInt8(ascii: "-") { index += 1 }
        if byte == UInt8(ascii: "I") { return try word("Infinity", .number("-Infinity")) }
        while index < bytes.count, isInNumber(byte) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard index > start, Double(text) != nil else {
            index = start
            throw error("no value")
        }
        return .number(text)
    }

    private func isInNumber(_ byte: UInt8) -> Bool {
        byte &- 48 < 10 || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
    }

    private mutating func string() throws(JSON.SyntaxError) -> String {
        index += 1
        var text: [UInt8] = []
        while index < bytes.count {
            let next = byte
            index += 1
            switch next {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<32: throw error("a control character in a string")
            default: text.append(next)
            }
        }
        throw error("a string without an end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSON.SyntaxError) {
        let letter = byte
        index += 1
        switch letter {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "u"):
            var code = try fourDigits()
            if code & 0xfc00 == 0xd800, byte == UInt8(ascii: "\\") {
                index += 1
                guard byte == UInt8(ascii: "u") else { throw error("half a surrogate pair") }
                index += 1
                code = 0x10000 + (code & 0x3ff) << 10 + (try fourDigits()) & 0x3ff
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw error("an unknown escape")
        }
    }

    private mutating func fourDigits() throws(JSON.SyntaxError) -> UInt32 {
        guard index + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { throw error("a bad \\u escape") }
        index += 4
        return code
    }
}
