/// Writes text one piece after the other into memory that the caller owns. Allocates nothing.
///
/// The caller reserves enough room beforehand; running out of it is a programmer's error and stops
/// the process.
package struct ByteCursor {
    private let memory: UnsafeMutableRawBufferPointer
    /// How many bytes have been written.
    package private(set) var byteCount = 0

    /// - Parameter memory: where to write; the caller's, and in use for as long as the cursor is.
    package init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

    /// What has been written so far. Borrowed from the caller's memory.
    package var written: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[..<byteCount])
    }

    /// Appends one byte.
    @inline(__always)
    package mutating func append(_ byte: UInt8) { claim(1).storeBytes(of: byte, as: UInt8.self) }

    /// Appends a literal.
    @inline(__always)
    package mutating func append(_ text: StaticString) { append(UnsafeRawBufferPointer(text)) }

    /// Appends a copy of `bytes`.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        claim(bytes.count).copyMemory(from: base, byteCount: bytes.count)
    }

    /// Appends `bytes` with every control byte replaced by `?`, so that no text from outside can
    /// end a line.
    package mutating func append(visible bytes: UnsafeRawBufferPointer) {
        let place = claim(bytes.count)
        guard let base = bytes.baseAddress else { return }
        if !Self.mayHaveControl(base, bytes.count) {
            place.copyMemory(from: base, byteCount: bytes.count)
            return
        }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            let shown = byte < 0x20 || byte == 0x7F ? UInt8(ascii: "?") : byte
            place.storeBytes(of: shown, toByteOffset: index, as: UInt8.self)
        }
    }

    /// Whether a byte may be a control byte; true for fewer than eight, and where one is above 0x7F, too.
    @inline(__always)
    private static func mayHaveControl(_ base: UnsafeRawPointer, _ count: Int) -> Bool {
        guard count >= 8 else { return true }
        // The last eight bytes overlap those before them.
        var found = controls(base.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
        var offset = 0
        while offset < count - 8 {
            found |= controls(base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        return found != 0
    }

    /// Not 0 when one of eight bytes is below 0x20, 0x7F or above it.
    @inline(__always)
    private static func controls(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let isLow = word &- 0x20 &* ones
        let isDelete = (word ^ 0x7F &* ones) &- ones
        return (isLow | isDelete | word) & (0x80 &* ones)
    }

    /// Appends a number in decimal, without leading zeros.
    package mutating func append(decimal number: Int) {
        if (0..<10).contains(number) { return append(Self.digit(UInt(number))) }
        if number < 0 { append(UInt8(ascii: "-")) }
        let magnitude = number.magnitude
        append(digits: magnitude, count: Self.digitCount(magnitude))
    }

    /// Appends the last `count` decimal digits of `number`, with leading zeros if it has fewer.
    package mutating func append(digits number: UInt, count: Int) {
        let place = claim(count)
        var rest = number
        var index = count
        while index > 0 {
            index -= 1
            let (tenth, last) = rest.quotientAndRemainder(dividingBy: 10)
            place.storeBytes(of: Self.digit(last), toByteOffset: index, as: UInt8.self)
            rest = tenth
        }
    }

    /// Appends the last three decimal digits of `number`, as `append(digits:count:)` does.
    @inline(__always)
    package mutating func append(threeDigits number: UInt) {
        let place = claim(3)
        let rest = number % 1000
        place.storeBytes(of: Self.digit(rest / 100), as: UInt8.self)
        place.storeBytes(of: Self.digit(rest / 10 % 10), toByteOffset: 1, as: UInt8.self)
        place.storeBytes(of: Self.digit(rest % 10), toByteOffset: 2, as: UInt8.self)
    }

    /// Puts a number below 10,000 over `D.DDD` that was appended before, in thousandths.
    @inline(__always)
    package func overwrite(at offset: Int, fourDigits number: Int) {
        precondition(offset >= 0 && offset + 5 <= byteCount, "only what was appended is overwritten")
        let place = memory.baseAddress.unsafelyUnwrapped + offset
        let thousandths = UInt32(truncatingIfNeeded: number)
        let (whole, rest) = (thousandths / 1000, thousandths % 1000)
        place.storeBytes(of: Self.digit(UInt(whole)), as: UInt8.self)
        place.storeBytes(of: Self.digit(UInt(rest / 100)), toByteOffset: 2, as: UInt8.self)
        place.storeBytes(of: Self.digit(UInt(rest / 10 % 10)), toByteOffset: 3, as: UInt8.self)
        place.storeBytes(of: Self.digit(UInt(rest % 10)), toByteOffset: 4, as: UInt8.self)
    }

    @inline(__always)
    private static func digit(_ value: UInt) -> UInt8 { UInt8(truncatingIfNeeded: value) &+ UInt8(ascii: "0") }

    private static func digitCount(_ number: UInt) -> Int {
        var count = 1
        var rest = number / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        return count
    }

    /// The next `count` bytes, uninitialised; the caller fills all of them.
    @inline(__always)
    private mutating func claim(_ count: Int) -> UnsafeMutableRawPointer {
        precondition(count <= memory.count - byteCount, "the caller reserves enough room")
        defer { byteCount += count }
        return memory.baseAddress.unsafelyUnwrapped + byteCount
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes of a literal. They live as long as the program.
    package init(_ text: StaticString) {
        self.init(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
}
