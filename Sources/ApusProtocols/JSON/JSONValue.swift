import CSimdJSON

/// One value of a parsed text: a place on its tape. Valid as long as the text's parser keeps it.
struct JSONValue {
    enum Kind: UInt8 {
        case object = 0x7B
        case array = 0x5B
        case string = 0x22
        case integer = 0x6C
        /// An integer above `Int64.max`.
        case bigInteger = 0x75
        case fraction = 0x64
        case yes = 0x74
        case no = 0x66
        case null = 0x6E
    }

    let document: apus_json_document
    let index: Int

    private var word: UnsafePointer<UInt64> { document.tape + index }

    var kind: Kind {
        guard let kind = Kind(rawValue: apus_json_kind(word)) else { preconditionFailure("a value is not a bracket") }
        return kind
    }

    /// The bytes of a string, borrowed; nil for anything else.
    var string: UnsafeRawBufferPointer? {
        guard kind == .string else { return nil }
        let start = document.strings + Int(word.pointee & 0x00FF_FFFF_FFFF_FFFF)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return UnsafeRawBufferPointer(start: start + 4, count: Int(count))
    }

    var bool: Bool? {
        switch kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// An integer of 0 or more that fits an Int; nil for anything else.
    var count: Int? {
        guard kind == .integer else { return nil }
        let value = Int64(bitPattern: word[1])
        return value >= 0 ? Int(value) : nil
    }

    /// An integer of 0 or more; nil for anything else.
    var unsigned: UInt64? {
        switch kind {
        case .bigInteger: word[1]
        case .integer: Int64(bitPattern: word[1]) >= 0 ? word[1] : nil
        default: nil
        }
    }

    /// The elements of an array; none of anything else.
    var elements: JSONElements { JSONElements(document: document, index: index, isWanted: kind == .array) }

    /// The members of an object; none of anything else.
    var members: JSONMembers { JSONMembers(document: document, index: index, isWanted: kind == .object) }

    /// How many elements an array has. Only for arrays.
    var elementCount: Int { apus_json_array_count(document, index) }

    /// What it is, as sentences for the client call it.
    var kindText: String {
        switch kind {
        case .object: "an object"
        case .array: "a list"
        case .string: "a string"
        case .integer, .bigInteger: "an integer"
        case .fraction: "a number"
        case .yes, .no: "true or false"
        case .null: "null"
        }
    }
}

/// The elements of an array, in order.
struct JSONElements: Sequence, IteratorProtocol {
    private let document: apus_json_document
    private var index: Int
    private let end: Int

    fileprivate init(document: apus_json_document, index: Int, isWanted: Bool) {
        guard isWanted else {
            self.document = document
            self.index = index
            end = index
            return
        }
        let elements = apus_json_array(document, index)
        self.document = elements.document
        self.index = elements.begin
        end = elements.end
    }

    mutating func next() -> JSONValue? {
        guard index < end else { return nil }
        defer { index = apus_json_after(document.tape, index) }
        return JSONValue(document: document, index: index)
    }
}

/// The members of an object, in the order of the text.
struct JSONMembers: Sequence, IteratorProtocol {
    private let document: apus_json_document
    private var index: Int
    private let end: Int

    fileprivate init(document: apus_json_document, index: Int, isWanted: Bool) {
        self.document = document
        self.index = index + 1
        end = isWanted ? apus_json_after(document.tape, index) - 1 : index + 1
    }

    mutating func next() -> (key: UnsafeRawBufferPointer, value: JSONValue)? {
        guard index < end else { return nil }
        guard let key = JSONValue(document: document, index: index).string else {
            preconditionFailure("a member begins with its key")
        }
        let value = JSONValue(document: document, index: index + 1)
        index = apus_json_after(document.tape, index + 1)
        return (key, value)
    }
}
