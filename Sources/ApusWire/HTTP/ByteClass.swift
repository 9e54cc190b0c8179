/// What a byte may be part of, by one look-up.
enum ByteClass {
    /// `tchar`: method and field names (RFC 9110 §5.6.2).
    static let token: UInt8 = 1
    /// A request target: what RFC 3986 allows, and `[ ] ^ { | }` and the backquote, which browsers
    /// leave unescaped in a query (URL Standard, "query percent-encode set"). Not `" # < > \`.
    static let target: UInt8 = 2
    /// `unreserved` (RFC 3986 §2.3): what names and addresses of hosts are made of.
    static let host: UInt8 = 4
    /// A request id that may be echoed: letters, digits and `. _ : / + = @ -`.
    static let requestID: UInt8 = 8
    /// The underscore alone.
    static let underscore: UInt8 = 16

    /// Per byte `@` (0x40) with the flags in its low five bits. A literal is in read-only memory:
    /// no set-up, no lock.
    private static let table: StaticString = """
        @@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@\
        @C@ACCCCBBCKBOOJ\
        OOOOOOOOOOJB@J@B\
        JOOOOOOOOOOOOOOO\
        OOOOOOOOOOOB@BC_\
        COOOOOOOOOOOOOOO\
        OOOOOOOOOOOBCBG@\
        @@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@\
        @@@@@@@@@@@@@@@@
        """

    /// All flags of `byte`, with other bits set that mean nothing.
    @inline(__always)
    static func flags(_ byte: UInt8) -> UInt8 { table.utf8Start[Int(byte)] }

    @inline(__always)
    static func has(_ flag: UInt8, _ byte: UInt8) -> Bool { flags(byte) & flag != 0 }

    /// The value of a hexadecimal digit.
    @inline(__always)
    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        let digit = byte &- UInt8(ascii: "0")
        if digit < 10 { return digit }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

/// The bytes that HTTP's grammar names.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let delete: UInt8 = 0x7F
}

extension UnsafeRawBufferPointer {
    /// Whether these are exactly the bytes of `text`.
    @inline(__always)
    func isEqual(to text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether these are the bytes of `text`, whatever their case. `text` is of lower-case letters,
    /// digits and hyphens, and these bytes are of visible characters: then clearing the case bit
    /// confuses nothing.
    @inline(__always)
    func isEqual(ignoringCase text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] | 0x20 != text.utf8Start[index] { return false }
        return true
    }

    /// The index of the first control byte (below 0x20, or DEL) from `start` on, `count` if there
    /// is none.
    ///
    /// Looks at eight bytes at a time: a byte below 0x20 borrows from its highest bit when 0x20 is
    /// taken away (Bit Twiddling Hacks, "Determine if a word has a byte less than n"); bytes above
    /// the first hit may be flagged wrongly, the first never is.
    @inline(__always)
    func firstControl(from start: Int) -> Int {
        var index = start
        while index + 8 <= count {
            let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let low = (word &- 0x2020_2020_2020_2020) & ~word
            let other = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let delete = (other &- 0x0101_0101_0101_0101) & ~other
            let hits = (low | delete) & 0x8080_8080_8080_8080
            if hits != 0 { return index + hits.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, self[index] >= ASCII.space, self[index] != ASCII.delete { index += 1 }
        return index
    }
}
