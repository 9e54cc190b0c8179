import ApusProtocols
import ApusWire
import Testing

@Suite("Content codings")
struct CodingTests {
    static func packed(_ bytes: [UInt8], _ coding: ContentCoding) -> [UInt8] {
        let response = ResponseBuffer()
        bytes.withUnsafeBytes { Deflater().deflate($0, coding, into: response) }
        return Array(response.bytes)
    }

    static func unpacked(_ bytes: [UInt8], _ coding: ContentCoding, _ inflater: Inflater) throws -> [UInt8] {
        try bytes.withUnsafeBytes { Array(try inflater.inflate($0, coding)) }
    }

    static let text = (0..<100_000).map { UInt8(ascii: "0") + UInt8($0 % 7) }

    @Test("what is packed unpacks to the same", arguments: [ContentCoding.identity, .gzip, .deflate])
    func identity(_ coding: ContentCoding) throws {
        let inflater = Inflater(byteLimit: 1 << 20)
        for count in [0, 1, 1000, 100_000] {
            let bytes = Array(Self.text.prefix(count))
            let packed = Self.packed(bytes, coding)
            #expect(try Self.unpacked(packed, coding, inflater) == bytes)
        }
    }

    @Test("one packer and one unpacker do many bodies of both codings")
    func reuse() throws {
        let (inflater, deflater, response) = (Inflater(byteLimit: 1 << 20), Deflater(), ResponseBuffer())
        for round in 0..<20 {
            let coding = round % 2 == 0 ? ContentCoding.gzip : .deflate
            let bytes = Array(Self.text[(round * 100)...])
            response.removeAll()
            bytes.withUnsafeBytes { deflater.deflate($0, coding, into: response) }
            #expect(try Self.unpacked(Array(response.bytes), coding, inflater) == bytes)
        }
    }

    @Test("a body that unpacks to more than the limit is refused with 413, one of exactly the limit is not")
    func limit() throws {
        let bomb = Self.packed([UInt8](repeating: 0, count: 10_000_000), .gzip)
        #expect(bomb.count < 100_000)
        let error = ContentCodingError.tooLarge(byteLimit: 1_000_000)
        #expect(throws: error) { try Self.unpacked(bomb, .gzip, Inflater(byteLimit: 1_000_000)) }
        #expect(error.status == 413)
        let whole = Self.packed(Self.text, .deflate)
        #expect(try Self.unpacked(whole, .deflate, Inflater(byteLimit: 100_000)) == Self.text)
        #expect(throws: ContentCodingError.tooLarge(byteLimit: 99_999)) {
            try Self.unpacked(whole, .deflate, Inflater(byteLimit: 99_999))
        }
    }

    @Test("a broken body is refused by what is broken", arguments: [ContentCoding.gzip, .deflate])
    func broken(_ coding: ContentCoding) {
        let inflater = Inflater(byteLimit: 1 << 20)
        let packed = Self.packed(Self.text, coding)
        #expect(throws: ContentCodingError.truncated(coding)) { try Self.unpacked([], coding, inflater) }
        for cut in [1, 5, packed.count / 2, packed.count - 1] {
            #expect(throws: ContentCodingError.truncated(coding), "cut \(cut)") {
                try Self.unpacked(Array(packed.prefix(cut)), coding, inflater)
            }
        }
        #expect(throws: ContentCodingError.trailingBytes(coding, count: 2)) {
            try Self.unpacked(packed + [1, 2], coding, inflater)
        }
        #expect(throws: ContentCodingError.malformed(coding)) {
            try Self.unpacked(Array("{}".utf8) + packed, coding, inflater)
        }
        var corrupt = packed
        corrupt[packed.count - 5] ^= 0xFF
        #expect(throws: ContentCodingError.self) { try Self.unpacked(corrupt, coding, inflater) }
    }
}
