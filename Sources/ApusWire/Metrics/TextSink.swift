/// Builds text in memory of its own: what the metrics renderers write to.
struct TextSink: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity = 4096
    private var count = 0

    init() { memory = .allocate(byteCount: capacity, alignment: 1) }

    deinit { memory.deallocate() }

    /// What was written. Valid until the next append.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ text: [UInt8]) { text.withUnsafeBytes { append($0) } }

    mutating func append(_ text: UnsafeRawBufferPointer) {
        guard let start = text.baseAddress else { return }
        reserve(text.count)
        (memory + count).copyMemory(from: start, byteCount: text.count)
        count += text.count
    }

    /// Appends once more what was written there.
    mutating func append(again range: Range<Int>) {
        precondition(range.upperBound <= count, "only what was written is written again")
        reserve(range.count)
        (memory + count).copyMemory(from: memory + range.lowerBound, byteCount: range.count)
        count += range.count
    }

    @inline(__always)
    mutating func append(byte: UInt8) {
        reserve(1)
        memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    mutating func append(decimal value: UInt64) {
        if value < 10 { return append(byte: UInt8(ascii: "0") + UInt8(value)) }
        var width = 1
        var limit: UInt64 = 10
        while width < 20, value >= limit {
            width += 1
            limit = width < 20 ? limit * 10 : limit
        }
        reserve(width)
        var rest = value
        for place in (count..<count + width).reversed() {
            let digit = UInt8(ascii: "0") + UInt8(rest % 10)
            memory.storeBytes(of: digit, toByteOffset: place, as: UInt8.self)
            rest /= 10
        }
        count += width
    }

    mutating func append(decimal value: Int) {
        if value < 0 { append(byte: UInt8(ascii: "-")) }
        append(decimal: UInt64(value.magnitude))
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(to: max(count + more, capacity * 2)) }
    }

    @inline(never)
    private mutating func grow(to newCapacity: Int) {
        let new = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 1)
        new.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = new
        capacity = newCapacity
    }
}

extension TextSink {
    /// A count of units as a decimal fraction without loss: 2,500,000 of 1,000,000,000 is `0.0025`.
    ///
    /// - Parameter scale: how many units make one; a power of ten.
    mutating func append(_ units: UInt64, per scale: UInt64) {
        append(decimal: units / scale)
        var rest = units % scale
        guard rest != 0 else { return }
        append(byte: UInt8(ascii: "."))
        var place = scale
        while rest != 0 {
            place /= 10
            append(byte: UInt8(ascii: "0") + UInt8(rest / place))
            rest %= place
        }
    }

    /// A label's value between its quotes, escaped as Prometheus' text format says ("Comments, help
    /// text, and type information").
    mutating func append(label text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\n"): append("\\n")
            default: append(byte: byte)
            }
        }
    }

    /// A JSON string with its quotes (RFC 8259 §7).
    mutating func append(json text: String) {
        append(byte: UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case 0..<0x20: append(controlCharacter: byte)
            default: append(byte: byte)
            }
        }
        append(byte: UInt8(ascii: "\""))
    }

    private mutating func append(controlCharacter byte: UInt8) {
        append("\\u00")
        for digit in [byte >> 4, byte & 15] {
            append(byte: digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
