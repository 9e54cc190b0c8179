import Testing

@testable import ApusModel

@Suite("Protocol Buffers fields")
struct ProtobufTests {
    /// The fields as text: number and value.
    static func fields(_ bytes: [UInt8]) throws -> [String] {
        var found: [String] = []
        try bytes.withUnsafeBytes { bytes in
            try ProtobufReader.forEach(in: bytes) { field in
                switch field.value {
                case .varint(let value): found.append("\(field.number)=\(value)")
                case .bytes(let value): found.append("\(field.number)=\(Array(value))")
                case .fixed: found.append("\(field.number) fixed")
                }
            }
        }
        return found
    }

    static func written() -> [UInt8] {
        var inner = ProtobufWriter()
        inner.append(1, varint: 300)
        var writer = ProtobufWriter()
        writer.append(1, varint: 0)
        writer.append(2, varint: -1)
        writer.append(100, text: "é")
        writer.append(3, message: inner)
        return writer.bytes
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        #expect(try Self.fields(Self.written()) == [
            "1=0", "2=18446744073709551615", "100=[195, 169]", "3=[8, 172, 2]",
        ])
    }

    @Test("fixed sizes are stepped over")
    func fixed() throws {
        #expect(try Self.fields([0x0D, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x08, 5])
            == ["1 fixed", "2 fixed", "1=5"])
    }

    @Test("a message cut inside of a field is malformed, between fields it is a shorter message")
    func everyCut() throws {
        let whole = Self.written()
        // Ends of the fields above, in bytes.
        let ends = [0, 2, 13, 18, 23]
        #expect(whole.count == ends.last)
        for cut in 0...whole.count {
            let prefix = Array(whole[..<cut])
            if let index = ends.firstIndex(of: cut) {
                #expect(try Self.fields(prefix).count == index)
            } else {
                #expect(throws: ProtobufReader.Malformed.self, "cut \(cut)") { try Self.fields(prefix) }
            }
        }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
    }

    @Test("what is no field is malformed", arguments: [
        Row(testDescription: "field number 0", bytes: [0x00, 0x00]),
        Row(testDescription: "a group", bytes: [0x0B]),
        Row(testDescription: "an unknown wire type", bytes: [0x0F]),
        Row(testDescription: "a length of 2^64 - 1", bytes: [0x0A] + Array(repeating: 0xFF, count: 9) + [0x01]),
        Row(testDescription: "a varint without end", bytes: [0x08] + Array(repeating: 0xFF, count: 12)),
    ])
    func malformed(_ row: Row) {
        #expect(throws: ProtobufReader.Malformed.self) { try Self.fields(row.bytes) }
    }
}
