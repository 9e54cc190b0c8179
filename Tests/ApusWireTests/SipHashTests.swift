import Testing

@testable import ApusWire

@Suite("SipHash")
struct SipHashTests {
    /// Appendix A of the paper: the key 00 01 … 0f.
    static let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    static func hash(_ pieces: [[UInt8]]) -> UInt64 {
        var hash = SipHash(key: key)
        for piece in pieces { piece.withUnsafeBytes { hash.append($0) } }
        return hash.finish()
    }

    @Test("it gives what the paper and the reference's vectors give", arguments: [
        (15, 0xa129_ca61_49be_45e5), (0, 0x726f_db47_dd0e_0e31), (8, 0x93f5_f579_9a93_2462),
    ] as [(Int, UInt64)])
    func vectors(byteCount: Int, wanted: UInt64) {
        #expect(Self.hash([Array(0..<UInt8(byteCount))]) == wanted)
    }

    @Test("however the bytes come, the hash is the same")
    func pieces() {
        let bytes = Array(0..<UInt8(40))
        let whole = Self.hash([bytes])
        for cut in bytes.indices {
            #expect(Self.hash([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut \(cut)")
        }
        #expect(Self.hash(bytes.map { [$0] }) == whole)
    }
}
