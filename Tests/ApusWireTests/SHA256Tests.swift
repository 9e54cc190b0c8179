import ApusWire
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    struct Vector: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        let digest: String
    }

    /// The examples of FIPS 180-4 (NIST, "SHA256.pdf"), and lengths around the padding's edge by `sha256sum`.
    static let vectors = [
        Vector(
            testDescription: "nothing", text: "",
            digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        Vector(
            testDescription: "one block", text: "abc",
            digest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        Vector(
            testDescription: "two blocks", text: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            digest: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        Vector(
            testDescription: "a million", text: String(repeating: "a", count: 1_000_000),
            digest: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        Vector(
            testDescription: "55 bytes", text: String(repeating: "a", count: 55),
            digest: "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        Vector(
            testDescription: "64 bytes", text: String(repeating: "a", count: 64),
            digest: "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    ]

    @Test("gives the published digests", arguments: vectors)
    func published(_ vector: Vector) {
        #expect(SHA256.digest(of: vector.text) == vector.digest)
    }

    @Test("does not depend on how the bytes are cut", arguments: [1, 3, 63, 64, 65, 200])
    func cuts(_ pieceByteCount: Int) {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var whole = SHA256()
        bytes.withUnsafeBytes { whole.update($0) }
        var pieces = SHA256()
        for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
            bytes[start..<min(start + pieceByteCount, bytes.count)].withUnsafeBytes { pieces.update($0) }
        }
        #expect(whole.finish() == pieces.finish())
    }
}
