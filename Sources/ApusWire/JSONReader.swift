/// A JSON value, for the small documents that processes without a JSON library read: settings and repository
/// requests. Tensors never come through here.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Members in their order; a name is given once.
    case object([(name: String, value: JSONValue)])

    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)):
            left.elementsEqual(right) { $0.name == $1.name && $0.value == $1.value }
        case (_, _): false
        }
    }

    /// The member of that name; nil when there is none or this is no object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}

/// Why a text is not JSON.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let offset: Int
    package let expected: StaticString

    package var description: String { "the body is not JSON: at byte \(offset), expected \(expected)" }

    package static func == (left: JSONError, right: JSONError) -> Bool {
        left.description == right.description
    }
}

/// Reads JSON strictly (RFC 8259), to a bounded depth. Linear in the text's length.
package struct JSONReader {
    /// No document of ours is deeper.
    package static let depthLimit = 16

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// Reads the one value that `bytes` is.
    package static func read(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in
                var reader = JSONReader(bytes: bytes)
                let value = try reader.value(depth: 0)
                reader.skipSpace()
                guard reader.position == bytes.count else { throw reader.error("the end") }
                return value
            }
        }
        return try result.get()
    }

    private func error(_ expected: StaticString) -> JSONError {
        JSONError(offset: position, expected: expected)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { position += 1 }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < Self.depthLimit else { throw error("no more than 16 levels") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case _: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count, bytes[position..<end].elementsEqual(UnsafeRawBufferPointer(text)) else {
            throw error("a value")
        }
        position = end
        return value
    }

    private mutating func take(_ byte: UInt8, _ expected: StaticString) throws(JSONError) {
        guard next == byte else { throw error(expected) }
        position += 1
    }

    // MARK: Containers

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        var members: [(name: String, value: JSONValue)] = []
        var names: Set<String> = []
        try take(UInt8(ascii: "{"), "an object")
        skipSpace()
        if next == UInt8(ascii: "}") { return try ended(.object([])) }
        while true {
            skipSpace()
            let name = try string()
            guard names.insert(name).inserted else { throw error("each member once") }
            skipSpace()
            try take(UInt8(ascii: ":"), "a colon")
            members.append((name, try value(depth: depth + 1)))
            skipSpace()
            if next == UInt8(ascii: "}") { return try ended(.object(members)) }
            try take(UInt8(ascii: ","), "a comma or }")
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        try take(UInt8(ascii: "["), "an array")
        skipSpace()
        if next == UInt8(ascii: "]") { return try ended(.array([])) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if next == UInt8(ascii: "]") { return try ended(.array(elements)) }
            try take(UInt8(ascii: ","), "a comma or ]")
        }
    }

    private mutating func ended(_ value: JSONValue) throws(JSONError) -> JSONValue {
        position += 1
        return value
    }

    // MARK: Scalars

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let whole = position
        try digits()
        guard bytes[whole] != UInt8(ascii: "0") || position == whole + 1 else { throw error("no leading zero") }
        var isInteger = true
        if next == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw error("a number that fits") }
        return .number(number)
    }

    private mutating func digits() throws(JSONError) {
        guard let byte = next, (0x30...0x39).contains(byte) else { throw error("a value") }
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    }

    private mutating func string() throws(JSONError) -> String {
        try take(UInt8(ascii: "\""), "a string")
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard let string = String(validating: text, as: UTF8.self) else { throw error("UTF-8") }
                return string
            }
            guard byte >= 0x20 else { throw error("no control character") }
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        throw error("a closing quotation mark")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = next else { throw error("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(try scalar().utf8))
        case _: throw error("an escape")
        }
    }

    /// RFC 8259 §7: a character outside the basic plane is two escapes, a surrogate pair.
    private mutating func scalar() throws(JSONError) -> String {
        let first = try codeUnit()
        var units = [first]
        if UTF16.isLeadSurrogate(first) {
            try take(UInt8(ascii: "\\"), "the second half of a pair")
            try take(UInt8(ascii: "u"), "the second half of a pair")
            units.append(try codeUnit())
        }
        guard let text = String(validating: units, as: UTF16.self) else { throw error("a whole character") }
        return text
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw error("four hexadecimal digits") }
        let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
        guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }), let unit = UInt16(digits, radix: 16)
        else { throw error("four hexadecimal digits") }
        position += 4
        return unit
    }
}
