/// Builds text in an array of bytes: what the metrics renderers write to.
struct TextSink {
    private(set) var bytes: [UInt8]

    /// Goes on at the end of `bytes`, which is left empty: the caller puts `self.bytes` back when
    /// done.
    init(taking bytes: inout [UInt8]) {
        self.bytes = []
        swap(&self.bytes, &bytes)
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ text: [UInt8]) { bytes.append(contentsOf: text) }

    mutating func append(decimal value: UInt64) {
        let end = bytes.count
        var rest = value
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest != 0
        bytes[end...].reverse()
    }

    mutating func append(decimal value: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        append(decimal: UInt64(value.magnitude))
    }

    /// A count of units as a decimal fraction without loss: 2,500,000 of 1,000,000,000 is `0.0025`.
    ///
    /// - Parameter scale: how many units make one; a power of ten.
    mutating func append(_ units: UInt64, per scale: UInt64) {
        append(decimal: units / scale)
        var rest = units % scale
        guard rest != 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var place = scale
        while rest != 0 {
            place /= 10
            bytes.append(UInt8(ascii: "0") + UInt8(rest / place))
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
            default: bytes.append(byte)
            }
        }
    }

    /// A JSON string with its quotes (RFC 8259 §7).
    mutating func append(json text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case 0..<0x20: append(controlCharacter: byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(controlCharacter byte: UInt8) {
        append("\\u00")
        for digit in [byte >> 4, byte & 15] {
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
