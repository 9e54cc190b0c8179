import ApusProtocols
import ApusWire
import Testing

/// SplitMix64 (Steele, Lea & Flood, 2014): the same numbers from the same seed on every machine.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

@Suite("Random bodies")
struct RandomBodyTests {
    /// Random elements of a type, finite where they are floats.
    static func tensor(_ type: ElementType, _ shape: [Int], _ random: inout Seeded) -> Tensor {
        let count = shape.reduce(1, *)
        func finite(_ mask: UInt64, _ shift: UInt64) -> [UInt64] {
            (0..<count).map { _ in
                var bits = UInt64.random(in: 0...UInt64.max, using: &random)
                // An exponent of all ones is what is not finite.
                if bits >> shift & mask == mask { bits ^= 1 << shift }
                return bits
            }
        }
        switch type {
        case .bool: return Tensor(type, shape, (0..<count).map { _ in UInt8.random(in: 0...1, using: &random) })
        case .float16: return Tensor(type, shape, finite(0x1F, 10).map { UInt16(truncatingIfNeeded: $0) })
        case .bfloat16: return Tensor(type, shape, finite(0xFF, 7).map { UInt16(truncatingIfNeeded: $0) })
        case .float32: return Tensor(type, shape, finite(0xFF, 23).map { UInt32(truncatingIfNeeded: $0) })
        case .float64: return Tensor(type, shape, finite(0x7FF, 52))
        case .string:
            let scalars: [String] = ["a", "\"", "\\", "\u{0}", "\n", "é", "€", "😀", "\u{2028}"]
            return Tensor(shape, strings: (0..<count).map { _ in
                let length = Int.random(in: 0...12, using: &random)
                return Array((0..<length).map { _ in scalars.randomElement(using: &random)! }.joined().utf8)
            })
        default:
            let bytes = (0..<count * (type.byteCount ?? 1)).map { _ in UInt8.random(in: 0...255, using: &random) }
            return Tensor(type, shape, bytes)
        }
    }

    @Test("what is encoded decodes to the same bytes, in JSON and in binary", arguments: ElementType.allCases)
    func identity(_ type: ElementType) throws {
        var random = Seeded(state: UInt64(type.rawValue) + 1)
        for round in 0..<200 {
            let shape = (0..<Int.random(in: 0...3, using: &random)).map { _ in Int.random(in: 0...7, using: &random) }
            let spec = TensorSpec(name: "t", elementType: type, shape: shape.map { $0 % 2 == 0 ? nil : $0 })
            let schema = ModelSchema(
                name: "echo", version: 1, inputs: [spec], outputs: [spec], isBatchable: false, maxBatchRowCount: 1)
            let isBinary = round % 2 == 0 || type == .float16 || type == .bfloat16
            let tensor = Self.tensor(type, shape, &random)
            let asking = Exchange(schema)
            try Self.ask(asking, shape, isBinary: isBinary)
            let answer = try asking.encode([tensor])
            let header = asking.response.inferenceHeaderByteCount ?? answer.count
            // An answer is a request but for this word; the JSON keeps its length.
            let json = String(decoding: answer.prefix(header), as: UTF8.self)
                .replacing("\"outputs\":", with: "\"inputs\" :")
            let wish = "{\"parameters\":{\"binary_data_output\":true},"
            let sending = Exchange(schema)
            try sending.decode(wish + json.dropFirst(), binary: Array(answer.dropFirst(header)))
            #expect(sending.inputs[0].bytes.elementsEqual(tensor.view.bytes), "round \(round)")
            #expect(sending.inputs[0].ends.elementsEqual(tensor.view.ends), "round \(round)")
            #expect(sending.request.inputShapes == [Shape(shape)])
        }
    }

    /// Sends zeros of that shape, only to ask for the output.
    static func ask(_ exchange: Exchange, _ shape: [Int], isBinary: Bool) throws {
        let type = exchange.schema.inputs[0].elementType
        let size = shape.reduce(1, *) * (type.byteCount ?? 4)
        let input = BinaryTensorTests.input("t", "\(shape)", "\(type.datatype)", size)
        try exchange.decode(
            #"{"parameters":{"binary_data_output":\#(isBinary)},"inputs":[\#(input)]}"#,
            binary: [UInt8](repeating: 0, count: size))
    }
}
