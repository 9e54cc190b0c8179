/// The SHA-256 of bytes that come in pieces (FIPS 180-4, §6.2).
package struct SHA256 {
    /// H, eight words.
    private var state: InlineArray<8, UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    /// The beginning of a block that is not whole yet.
    private var block: InlineArray<64, UInt8> = InlineArray(repeating: 0)
    private var blockByteCount = 0
    private var byteCount: UInt64 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount &+= UInt64(bytes.count)
        var rest = bytes
        if blockByteCount > 0 {
            let taken = min(64 - blockByteCount, rest.count)
            for index in 0..<taken { block[blockByteCount + index] = rest[index] }
            blockByteCount += taken
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            guard blockByteCount == 64 else { return }
            compressBlock()
        }
        while rest.count >= 64 {
            compress(rest)
            rest = UnsafeRawBufferPointer(rebasing: rest[64...])
        }
        for index in 0..<rest.count { block[index] = rest[index] }
        blockByteCount = rest.count
    }

    /// The 32 bytes, in hexadecimal.
    package consuming func finish() -> String {
        let bitCount = byteCount &* 8
        pad(to: 56)
        for index in 0..<8 { block[56 + index] = UInt8(truncatingIfNeeded: bitCount >> UInt64(56 - 8 * index)) }
        compressBlock()
        var text = ""
        for index in 0..<8 {
            let digits = String(state[index], radix: 16)
            text += String(repeating: "0", count: 8 - digits.utf8.count) + digits
        }
        return text
    }

    /// The digest of a text, in hexadecimal.
    package static func digest(of text: String) -> String {
        var hash = SHA256()
        Array(text.utf8).withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }

    /// A one, then zeroes up to the length's place (FIPS 180-4, §5.1.1).
    private mutating func pad(to end: Int) {
        block[blockByteCount] = 0x80
        blockByteCount += 1
        if blockByteCount > end {
            while blockByteCount < 64 { appendZero() }
            compressBlock()
        }
        while blockByteCount < end { appendZero() }
    }

    private mutating func appendZero() {
        block[blockByteCount] = 0
        blockByteCount += 1
    }

    private mutating func compressBlock() {
        let whole = block
        withUnsafeBytes(of: whole) { compress($0) }
        blockByteCount = 0
    }

    /// - Parameter bytes: 64 at least.
    private mutating func compress(_ bytes: UnsafeRawBufferPointer) {
        var w: InlineArray<64, UInt32> = InlineArray(repeating: 0)
        for t in 0..<16 { w[t] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4 * t, as: UInt32.self)) }
        for t in 16..<64 {
            let (x, y) = (w[t - 15], w[t - 2])
            let s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3)
            let s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >> 10)
            w[t] = w[t - 16] &+ s0 &+ w[t - 7] &+ s1
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for t in 0..<64 {
            let sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
            let t1 = h &+ sum1 &+ ((e & f) ^ (~e & g)) &+ Self.constants[t] &+ w[t]
            let sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
            let t2 = sum0 &+ ((a & b) ^ (a & c) ^ (b & c))
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
        }
        for (index, value) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= value }
    }

    @inline(__always)
    private func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 &- count) }

    /// K (FIPS 180-4, §4.2.2).
    private static let constants: InlineArray<64, UInt32> = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
