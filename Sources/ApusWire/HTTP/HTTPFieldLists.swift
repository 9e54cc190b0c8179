/// The elements of a comma-separated field value, trimmed. Empty ones are given out too; it is the
/// caller who knows whether they may be ignored (RFC 9110 §5.6.1).
struct ListElements {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard position <= bytes.count else { return nil }
        var end = position
        while end < bytes.count, bytes[end] != UInt8(ascii: ",") { end += 1 }
        defer { position = end + 1 }
        return UnsafeRawBufferPointer(
            rebasing: bytes[HeadReader.trimmed(position..<end, in: bytes)])
    }
}

/// What all Connection fields of a request say together. RFC 9110 §7.6.1.
struct ConnectionOptions {
    private var close = false
    private var keepAlive = false

    /// Options that we do not know are ignored, `upgrade` among them (RFC 9110 §7.8).
    mutating func read(_ value: UnsafeRawBufferPointer) {
        var list = ListElements(value)
        while let option = list.next() {
            if option.isEqual(ignoringCase: "close") { close = true }
            if option.isEqual(ignoringCase: "keep-alive") { keepAlive = true }
        }
    }

    /// RFC 9112 §9.3: `close` wins, 1.1 persists, 1.0 has to ask for it.
    func keepsAlive(versionMinor: UInt8) -> Bool { !close && (versionMinor == 1 || keepAlive) }
}

/// What all Accept-Encoding fields of a request say together. RFC 9110 §12.5.3.
struct CodingPreferences {
    private var named: HTTPAcceptedCodings = []
    private var wanted: HTTPAcceptedCodings = []
    private var wantsOthers = false

    /// The codings that may be used. `*` stands for those not named.
    var accepted: HTTPAcceptedCodings {
        let others: HTTPAcceptedCodings = wantsOthers ? [.gzip, .deflate] : []
        return wanted.union(others.subtracting(named))
    }

    mutating func read(_ value: UnsafeRawBufferPointer) {
        var list = ListElements(value)
        while let element = list.next() {
            var nameEnd = 0
            while nameEnd < element.count, ByteClass.has(ByteClass.token, element[nameEnd]) {
                nameEnd += 1
            }
            let weight = UnsafeRawBufferPointer(rebasing: element[nameEnd...])
            note(
                UnsafeRawBufferPointer(rebasing: element[..<nameEnd]),
                isWanted: Self.isPositive(weight))
        }
    }

    private mutating func note(_ coding: UnsafeRawBufferPointer, isWanted: Bool) {
        if coding.isEqual(ignoringCase: "gzip") || coding.isEqual(ignoringCase: "x-gzip") {
            note(.gzip, isWanted)
        } else if coding.isEqual(ignoringCase: "deflate") {
            note(.deflate, isWanted)
        } else if coding.isEqual(to: "*") {
            wantsOthers = isWanted
        }
    }

    private mutating func note(_ coding: HTTPAcceptedCodings, _ isWanted: Bool) {
        named.insert(coding)
        if isWanted { wanted.insert(coding) } else { wanted.remove(coding) }
    }

    /// Whether `weight` is absent or a `;q=` above 0 (RFC 9110 §12.4.2). A malformed one asks for
    /// nothing.
    private static func isPositive(_ weight: UnsafeRawBufferPointer) -> Bool {
        if weight.isEmpty { return true }
        var index = 0
        func skipSpace() {
            while index < weight.count, HeadReader.isSpace(weight[index]) { index += 1 }
        }
        skipSpace()
        guard index < weight.count, weight[index] == UInt8(ascii: ";") else { return false }
        index += 1
        skipSpace()
        guard index + 2 < weight.count, weight[index] | 0x20 == UInt8(ascii: "q"),
            weight[index + 1] == UInt8(ascii: "=")
        else { return false }
        return isPositiveNumber(UnsafeRawBufferPointer(rebasing: weight[(index + 2)...]))
    }

    /// `0` or `1`, with up to three decimals.
    private static func isPositiveNumber(_ digits: UnsafeRawBufferPointer) -> Bool {
        guard digits.count <= 5, ByteClass.isDigit(digits[0]) else { return false }
        if digits.count > 1, digits[1] != UInt8(ascii: ".") { return false }
        var isPositive = digits[0] != UInt8(ascii: "0")
        for digit in digits.dropFirst(2) {
            guard ByteClass.isDigit(digit) else { return false }
            if digit != UInt8(ascii: "0") { isPositive = true }
        }
        return isPositive
    }
}
