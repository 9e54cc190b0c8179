import ApusProtocols
import ApusWire
import Glibc
import Testing

/// Memory that ends where reading it would crash.
final class GuardedMemory {
    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    private let page = 4096

    init(capacity: Int) {
        self.capacity = (capacity + page - 1) / page * page
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        start = mmap(nil, self.capacity + page, PROT_READ | PROT_WRITE, flags, -1, 0)
        precondition(mprotect(start + self.capacity, page, PROT_NONE) == 0, "the guard page is set")
    }

    deinit { munmap(start, capacity + page) }

    /// The bytes with exactly 64 readable ones behind them.
    func place(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let place = start + capacity - 64 - bytes.count
        bytes.withUnsafeBytes { place.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(place), byteCount: bytes.count) }
        memset(place + bytes.count, 0x22, 64)
        return UnsafeRawBufferPointer(start: place, count: bytes.count)
    }
}

@Suite("Mutated bodies")
struct MutatedBodyTests {
    struct Seed {
        let schema: ModelSchema, isPredict: Bool
        let body: [UInt8], header: Int?

        init(_ schema: ModelSchema, isPredict: Bool = false, _ json: String, binary: [UInt8]? = nil) {
            self.schema = schema
            self.isPredict = isPredict
            body = Array(json.utf8) + (binary ?? [])
            header = binary == nil ? nil : json.utf8.count
        }
    }

    static var seeds: [Seed] {
        let rooms = BinaryTensorTests.input("rooms", "[2,1]", "INT64", 16)
        let sex = BinaryTensorTests.input("sex", "[2,1]", "BYTES", 10)
        let age = #"{"name":"age","shape":[2,1],"datatype":"FP32","data":[[1.5],[NaN]]}"#
        let strings = BinaryTensorTests.string("f") + BinaryTensorTests.string("m")
        return [
            Seed(.iris, OpenInferenceTests.body),
            Seed(
                .iris,
                #"{"id":"7","parameters":{"timeout":5,"priority":1},"outputs":[{"name":"probabilities","#
                    + #""parameters":{"classification":2,"binary_data":true}}],"inputs":[{"name":"X","shape":[2,4],"#
                    + #""datatype":"FP32","data":[[1,2,3,4],[5e3,-6.25,null,Infinity]]}]}"#),
            Seed(
                PredictTests.tabular, #"{"inputs":[\#(rooms),\#(age),\#(sex)]}"#,
                binary: [UInt8](repeating: 1, count: 16) + strings),
            Seed(.echo(.uint8, [nil, 2], isBatchable: true), "", binary: [1, 2, 3, 4]),
            Seed(
                PredictTests.tabular, isPredict: true,
                #"[{"age":1,"sex":"f\u00e9","rooms":3},{"rooms":4,"sex":"m","age":null}]"#),
            Seed(PredictTests.tabular, isPredict: true, #"{"data":[[1,"f",3],[2.5,"m",-4]]}"#),
            Seed(
                .echo(.float32, [nil, nil, 2], isBatchable: true), isPredict: true,
                #"[{"in":[[1,2],[3,4],[5,6]]},{"in":[[1,2],[3,4],[5,6]]}]"#),
        ]
    }

    static let pieces = [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "0", "-1", "1e400", "99999999999999999999", "NaN", "-Infinity", "null",
        "true", "[[", "]]", "\"data\"", "\"shape\"", "9223372036854775807", "\u{0}", "\"\\ud800\"",
    ].map { Array($0.utf8) }

    static func mutated(_ body: [UInt8], _ random: inout Seeded) -> [UInt8] {
        var body = body
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0...body.count, using: &random)
            let end = min(body.count, at + Int.random(in: 0...8, using: &random))
            switch Int.random(in: 0...4, using: &random) {
            case 0 where at < body.count: body[at] = UInt8.random(in: 0...255, using: &random)
            case 1: body.removeSubrange(at..<end)
            case 2: body.insert(contentsOf: pieces.randomElement(using: &random)!, at: at)
            case 3: body.replaceSubrange(at..<end, with: pieces.randomElement(using: &random)!)
            default: body.insert(contentsOf: Array(body[at..<end]), at: Int.random(in: 0...body.count, using: &random))
            }
        }
        return body
    }

    @Test("100,000 mutated bodies are taken whole or refused whole", arguments: 0..<7)
    func survives(_ number: Int) throws {
        let seed = Self.seeds[number]
        let codec: any InferenceCodec =
            seed.isPredict ? PredictCodec(schema: seed.schema) : OpenInferenceCodec(schema: seed.schema)
        let exchange = Exchange(seed.schema, codec)
        let memory = GuardedMemory(capacity: 4096)
        var random = Seeded(state: UInt64(number))
        var taken = 0
        for _ in 0..<14_300 {
            let bytes = Self.mutated(seed.body, &random)
            var header = seed.header
            if header != nil, Int.random(in: 0...3, using: &random) == 0 {
                header = Int.random(in: -1...bytes.count + 1, using: &random)
            }
            let before = exchange.inputs.map(\.count)
            do {
                try codec.decode(
                    memory.place(bytes), headerByteCount: header, inputs: exchange.inputs, request: exchange.request)
                taken += 1
                try Self.check(exchange, before)
            } catch {
                let error = try #require(error as? InferenceError)
                #expect(error.origin == .client && !error.description.isEmpty)
                for (buffer, count) in zip(exchange.inputs, before) { buffer.truncate(to: count) }
            }
            if exchange.inputs[0].count > 1000 { exchange.inputs.forEach { $0.removeAll() } }
        }
        #expect(taken > 100, "mutations are small enough that some bodies stay good")
    }

    /// What was taken is what the shapes say, and can be answered.
    static func check(_ exchange: Exchange, _ before: [Int]) throws {
        let request = exchange.request
        for (index, buffer) in exchange.inputs.enumerated() {
            let count = try #require(request.inputShapes[index].elementCount)
            try #require(buffer.count - before[index] == count)
            if exchange.schema.isBatchable { try #require(request.inputShapes[index][0] == request.rowCount) }
        }
        guard request.rowCount < 100 else { return }
        var random = Seeded(state: 1)
        let outputs = exchange.schema.outputs.map { output in
            let shape = output.shape.enumerated().map { $0 == 0 ? request.rowCount : $1 ?? 1 }
            return RandomBodyTests.tensor(output.elementType, shape, &random)
        }
        let answer = try exchange.encode(outputs, rows: 0..<request.rowCount)
        try #require(!answer.isEmpty)
    }
}
