/// Base64 as TensorFlow Serving's JSON has binary values (RFC 4648 §4). Padding may be left out when reading.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
    /// The value of each letter; 255 for what is none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// - Returns: nil when `text` is not base64, or has bits behind its last byte.
    static func decoded(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var count = text.count
        if count % 4 == 0 {
            for _ in 0..<2 where count > 0 && text[count - 1] == padding { count -= 1 }
        }
        guard count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount = 0
        for letter in text[..<count] {
            let value = values[Int(letter)]
            guard value != 255 else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return bits & (1 << UInt32(bitCount) - 1) == 0 ? bytes : nil
    }

    /// `bytes` as base64, with padding. For what is made once, at start.
    static func text(_ bytes: [UInt8]) -> String {
        let text = ResponseBuffer()
        bytes.withUnsafeBytes { append($0, to: text) }
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// Appends `bytes` as base64, with padding.
    static func append(_ bytes: UnsafeRawBufferPointer, to response: ResponseBuffer) {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for index in 0..<3 { group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0) }
            for place in 0..<4 {
                let letter = alphabet[Int(group >> UInt32(18 - 6 * place)) & 63]
                response.append(place <= count ? letter : padding)
            }
        }
    }
}
