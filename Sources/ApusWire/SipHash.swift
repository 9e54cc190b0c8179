/// SipHash-2-4, 64 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): a hash that nobody can
/// aim who does not know the key.
package struct SipHash: Sendable {
    private var v0, v1, v2, v3: UInt64
    /// Bytes that do not fill a word yet, the first one lowest.
    private var tail: UInt64 = 0
    private var byteCount = 0

    package init(key: (UInt64, UInt64)) {
        v0 = 0x736f_6d65_7073_6575 ^ key.0
        v1 = 0x646f_7261_6e64_6f6d ^ key.1
        v2 = 0x6c79_6765_6e65_7261 ^ key.0
        v3 = 0x7465_6462_7974_6573 ^ key.1
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while byteCount % 8 != 0, let byte = rest.popFirst() { append(byte) }
        while rest.count >= 8 {
            let word = UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: UInt64.self)
            compress(UInt64(littleEndian: word))
            byteCount += 8
            rest = rest.dropFirst(8)
        }
        for byte in rest { append(byte) }
    }

    package mutating func append(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { append($0) }
    }

    /// The hash of all that was appended.
    package consuming func finish() -> UInt64 {
        compress(tail | UInt64(truncatingIfNeeded: byteCount) << 56)
        v2 ^= 0xff
        for _ in 0..<4 { mix() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func append(_ byte: UInt8) {
        tail |= UInt64(byte) << UInt64(8 * (byteCount % 8))
        byteCount += 1
        guard byteCount % 8 == 0 else { return }
        compress(tail)
        tail = 0
    }

    private mutating func compress(_ word: UInt64) {
        v3 ^= word
        mix()
        mix()
        v0 ^= word
    }

    private mutating func mix() {
        v0 &+= v1
        v2 &+= v3
        v1 = rotated(v1, 13) ^ v0
        v3 = rotated(v3, 16) ^ v2
        v0 = rotated(v0, 32)
        v2 &+= v1
        v0 &+= v3
        v1 = rotated(v1, 17) ^ v2
        v3 = rotated(v3, 21) ^ v0
        v2 = rotated(v2, 32)
    }

    private func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }
}
