import ApusProtocols
import ApusWire
import Testing

/// A body with the readable bytes behind it that codecs ask for, filled with what would be noticed if read.
func withBody<Result>(_ body: [UInt8], _ use: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    let padded = body + [UInt8](repeating: UInt8(ascii: "7"), count: 64)
    return try padded.withUnsafeBytes { try use(UnsafeRawBufferPointer(rebasing: $0[..<body.count])) }
}

/// One codec with the buffers a worker would hold for it.
final class Exchange {
    let schema: ModelSchema
    let codec: any InferenceCodec
    let request = InferenceRequest()
    let response = ResponseBuffer()
    let inputs: [TensorBuffer]

    init(_ schema: ModelSchema, _ codec: any InferenceCodec) {
        self.schema = schema
        self.codec = codec
        inputs = schema.inputs.map { TensorBuffer($0.elementType) }
    }

    convenience init(_ schema: ModelSchema, nonfinite: NonfinitePolicy = .null) {
        self.init(schema, OpenInferenceCodec(schema: schema, nonfinite: nonfinite))
    }

    func decode(_ body: String, binary: [UInt8]? = nil) throws {
        let header = Array(body.utf8)
        try decode(header + (binary ?? []), headerByteCount: binary == nil ? nil : header.count)
    }

    func decode(_ body: [UInt8], headerByteCount: Int? = nil) throws {
        let counts = inputs.map(\.count)
        do {
            try withBody(body) {
                try codec.decode($0, headerByteCount: headerByteCount, inputs: inputs, request: request)
                for input in inputs { input.own() }
            }
        } catch let error as InferenceError {
            defer { for (buffer, count) in zip(inputs, counts) { buffer.truncate(to: count) } }
            throw request.problems(
                with: error, FeatureCheck(schema, outOfRange: .reject), inputs: inputs, firstElements: counts)
        }
    }

    /// The sentence of the refusal, or "accepted".
    func refusal(_ body: String, binary: [UInt8]? = nil) -> String {
        do {
            try decode(body, binary: binary)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    func encode(_ outputs: [Tensor], rows: Range<Int>? = nil) throws -> [UInt8] {
        response.removeAll()
        let views = outputs.map(\.view)
        try views.withUnsafeBufferPointer {
            try codec.encode(request, outputs: $0, rows: rows, into: response)
        }
        return Array(response.bytes)
    }

    func answer(_ outputs: [Tensor], rows: Range<Int>? = nil) throws -> String {
        String(decoding: try encode(outputs, rows: rows), as: UTF8.self)
    }

    /// The numbers of an input's buffer.
    func elements<T: BitwiseCopyable>(_ input: Int, _: T.Type) -> [T] {
        let bytes = inputs[input].bytes
        return (0..<inputs[input].count).map {
            bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)
        }
    }

    func strings(_ input: Int) -> [String] {
        (0..<inputs[input].count).map { String(decoding: inputs[input].string($0), as: UTF8.self) }
    }
}

/// A tensor in memory of its own, as an engine would give it.
final class Tensor {
    let view: TensorView
    private let memory: UnsafeMutableRawBufferPointer
    private let ends: UnsafeMutableBufferPointer<Int>

    init<T: BitwiseCopyable>(_ elementType: ElementType, _ shape: [Int], _ elements: [T]) {
        memory = .allocate(byteCount: max(1, elements.count * MemoryLayout<T>.size), alignment: 64)
        let own = memory
        elements.withUnsafeBytes { own.copyMemory(from: $0) }
        ends = .allocate(capacity: 1)
        let bytes = UnsafeRawBufferPointer(rebasing: memory[..<(elements.count * MemoryLayout<T>.size)])
        view = TensorView(elementType: elementType, shape: Shape(shape), bytes: bytes)
    }

    init(_ shape: [Int], strings: [[UInt8]]) {
        let flat = strings.flatMap { $0 }
        memory = .allocate(byteCount: max(1, flat.count), alignment: 64)
        memory.copyBytes(from: flat)
        ends = .allocate(capacity: max(1, strings.count))
        var end = 0
        for (index, string) in strings.enumerated() {
            end += string.count
            ends[index] = end
        }
        view = TensorView(
            elementType: .string, shape: Shape(shape), bytes: UnsafeRawBufferPointer(rebasing: memory[..<flat.count]),
            ends: UnsafeBufferPointer(rebasing: ends[..<strings.count]))
    }

    deinit {
        memory.deallocate()
        ends.deallocate()
    }
}

extension ModelSchema {
    /// One float matrix in; a label and probabilities out.
    static let iris = ModelSchema(
        name: "iris", version: 1,
        inputs: [TensorSpec(name: "X", elementType: .float32, shape: [nil, 4])],
        outputs: [
            TensorSpec(name: "label", elementType: .int64, shape: [nil]),
            TensorSpec(name: "probabilities", elementType: .float32, shape: [nil, 3]),
        ], isBatchable: true, maxBatchRowCount: 64)

    /// One input and one output of that type and shape.
    static func echo(_ type: ElementType, _ shape: [Int?] = [nil], isBatchable: Bool = false) -> ModelSchema {
        ModelSchema(
            name: "echo", version: 3, inputs: [TensorSpec(name: "in", elementType: type, shape: shape)],
            outputs: [TensorSpec(name: "out", elementType: type, shape: shape)], isBatchable: isBatchable,
            maxBatchRowCount: 8)
    }
}
