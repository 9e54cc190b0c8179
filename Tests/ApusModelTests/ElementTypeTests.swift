import ApusModel
import ApusWire
import Testing

@Suite("Element types")
struct ElementTypeTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let type: ElementType
        /// Six elements.
        let bytes: [UInt8]

        init<T: BitwiseCopyable>(_ name: String, _ type: ElementType, _ values: [T]) {
            testDescription = name
            self.type = type
            bytes = values.withUnsafeBytes { Array($0) }
        }
    }

    static let rows = [
        Row("bool", .bool, [0, 1, 1, 0, 1, 0] as [UInt8]),
        Row("uint8", .uint8, [0, 1, 127, 128, 254, .max] as [UInt8]),
        Row("uint16", .uint16, [0, 1, 255, 256, 32768, .max] as [UInt16]),
        Row("uint32", .uint32, [0, 1, 65536, 1 << 31, 7, .max] as [UInt32]),
        Row("uint64", .uint64, [0, 1, 1 << 53 + 1, 1 << 63, 7, .max] as [UInt64]),
        Row("int8", .int8, [.min, -1, 0, 1, 2, .max] as [Int8]),
        Row("int16", .int16, [.min, -1, 0, 1, 256, .max] as [Int16]),
        Row("int32", .int32, [.min, -1, 0, 1, 65536, .max] as [Int32]),
        Row("int64", .int64, [.min, -1, 0, (1 << 53) + 1, -(1 << 53) - 1, .max] as [Int64]),
        Row("float16", .float16, [0, 1, -0.0, .infinity, .nan, .leastNonzeroMagnitude] as [Float16]),
        Row("bfloat16", .bfloat16, [0, 0x3F80, 0x8000, 0x7F80, 0x7FC1, 1] as [UInt16]),
        Row("float", .float32, [0, .pi, -0.0, -.infinity, .nan, .leastNonzeroMagnitude] as [Float]),
        Row("double", .float64, [0, .pi, -0.0, .infinity, .nan, .leastNonzeroMagnitude] as [Double]),
    ]

    @Test("every number comes back bit by bit", arguments: rows)
    func roundTrip(_ row: Row) throws {
        let session = try TestEngine.small("identity_\(row.testDescription)")
        let input = OwnedTensor(row.type, [2, 3], bytes: row.bytes)
        #expect(session.inputs == [TensorSpec(name: "x", elementType: row.type, shape: [nil, nil])])
        #expect(session.outputs == [TensorSpec(name: "y", elementType: row.type, shape: [nil, nil])])
        #expect(try session.answers([input]) == [input])
    }

    @Test("a tensor of no elements comes back with its shape", arguments: rows)
    func empty(_ row: Row) throws {
        let session = try TestEngine.small("identity_\(row.testDescription)")
        for shape in [[0, 3], [2, 0], [0, 0]] {
            let input = OwnedTensor(row.type, shape, bytes: [])
            #expect(try session.answers([input]) == [input])
        }
    }

    @Test("strings keep every byte: NUL, UTF-8, none at all, and what is no UTF-8")
    func strings() throws {
        let session = try TestEngine.small("identity_string")
        let odd: [[UInt8]] = [
            Array("plain".utf8), [], [0], Array("a\0b\0".utf8), Array("ünï 日本 🐦".utf8), [0xFF, 0xFE, 0],
            Array(repeating: 0x61, count: 100_000), [],
        ]
        let input = OwnedTensor([4, 2], byteStrings: odd)
        #expect(try session.answers([input]) == [input])
        // The memory of the large run is used again by small ones.
        let small = OwnedTensor([1, 2], strings: ["b", ""])
        #expect(try session.answers([small]) == [small])
    }

    @Test("no strings, in any shape, are no strings", arguments: [[0, 3], [2, 0]])
    func noStrings(_ shape: [Int]) throws {
        let session = try TestEngine.small("identity_string")
        let input = OwnedTensor(shape, strings: [])
        #expect(try session.answers([input]) == [input])
    }
}
