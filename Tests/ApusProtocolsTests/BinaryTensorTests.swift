import ApusProtocols
import ApusWire
import Testing

@Suite("Binary tensor data")
struct BinaryTensorTests {
    static func bytes<T>(_ elements: [T]) -> [UInt8] { elements.withUnsafeBytes { Array($0) } }

    static func input(_ name: String, _ shape: String, _ type: String, _ size: Int) -> String {
        #"{"name":"\#(name)","shape":\#(shape),"datatype":"\#(type)","parameters":{"binary_data_size":\#(size)}}"#
    }

    static func string(_ text: String) -> [UInt8] {
        bytes([UInt32(text.utf8.count)]) + Array(text.utf8)
    }

    /// The JSON part of the answer and what follows it.
    static func parts(_ exchange: Exchange, _ outputs: [Tensor], rows: Range<Int>? = nil) throws
        -> (json: String, tail: [UInt8])
    {
        let answer = try exchange.encode(outputs, rows: rows)
        let header = try #require(exchange.response.inferenceHeaderByteCount)
        #expect(exchange.response.contentType == .octetStream)
        return (String(decoding: answer.prefix(header), as: UTF8.self), Array(answer.dropFirst(header)))
    }

    @Test("binary inputs and JSON inputs mix, in the order of the JSON")
    func mixed() throws {
        let exchange = Exchange(PredictTests.tabular)
        let rooms = Self.input("rooms", "[2,1]", "INT64", 16), sex = Self.input("sex", "[2,1]", "BYTES", 12)
        let age = #"{"name":"age","shape":[2,1],"datatype":"FP32","data":[1,2]}"#
        let tail = Self.bytes([Int64(-1), 7]) + Self.string("f") + Self.string("mü")
        try exchange.decode(#"{"inputs":[\#(rooms),\#(age),\#(sex)]}"#, binary: tail)
        #expect(exchange.elements(0, Float.self) == [1, 2])
        #expect(exchange.strings(1) == ["f", "mü"])
        #expect(exchange.elements(2, Int64.self) == [-1, 7])
        #expect(exchange.request.rowCount == 2)
    }

    @Test("what tritonclient asks for by default is answered in binary")
    func binaryOutput() throws {
        let exchange = Exchange(.iris)
        let input = Self.input("X", "[2,4]", "FP32", 32)
        let parameters = #""parameters":{"binary_data_output":true}"#
        try exchange.decode(
            #"{"inputs":[\#(input)],\#(parameters)}"#, binary: Self.bytes([Float](repeating: 1, count: 8)))
        let labels = Tensor(.int64, [3], [Int64(5), 6, 7])
        let probabilities = Tensor(.float32, [3, 3], (0..<9).map { Float($0) })
        let (json, tail) = try Self.parts(exchange, [labels, probabilities], rows: 1..<3)
        #expect(
            json == #"{"model_name":"iris","model_version":"1","outputs":["#
                + #"{"name":"label","datatype":"INT64","shape":[2],"parameters":{"binary_data_size":16}},"#
                + #"{"name":"probabilities","datatype":"FP32","shape":[2,3],"parameters":{"binary_data_size":24}}]}"#)
        #expect(tail == Self.bytes([Int64(6), 7]) + Self.bytes([Float(3), 4, 5, 6, 7, 8]))
    }

    @Test("an output's own wish overrides the request's")
    func override() throws {
        let exchange = Exchange(.iris)
        try exchange.decode(
            #"{"parameters":{"binary_data_output":true},"outputs":[{"name":"probabilities"},"#
                + #"{"name":"label","parameters":{"binary_data":false}}],"#
                + OpenInferenceTests.body.dropFirst())
        let (json, tail) = try Self.parts(
            exchange, [Tensor(.int64, [1], [Int64(5)]), Tensor(.float32, [1, 3], [Float(1), 2, 3])])
        #expect(
            json == #"{"model_name":"iris","model_version":"1","outputs":["#
                + #"{"name":"probabilities","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}},"#
                + #"{"name":"label","datatype":"INT64","shape":[1],"data":[5]}]}"#)
        #expect(tail == Self.bytes([Float(1), 2, 3]))
    }

    @Test("strings go out with their lengths, of one request only")
    func strings() throws {
        let exchange = Exchange(.echo(.string, [nil], isBatchable: true))
        try exchange.decode(
            #"{"inputs":[{"name":"in","shape":[1],"datatype":"BYTES","data":["a"]}],"#
                + #""parameters":{"binary_data_output":true}}"#)
        let output = Tensor([3], strings: [Array("left".utf8), [0xFF, 0, 1], Array("right".utf8)])
        let (json, tail) = try Self.parts(exchange, [output], rows: 1..<3)
        #expect(json.contains(#""shape":[2],"parameters":{"binary_data_size":16}"#))
        #expect(tail == Self.bytes([UInt32(3)]) + [0xFF, 0, 1] + Self.string("right"))
    }

    @Test("a tensor without elements has no bytes")
    func empty() throws {
        let exchange = Exchange(.echo(.float32, [nil, 2]))
        try exchange.decode(
            #"{"inputs":[\#(Self.input("in", "[0,2]", "FP32", 0))],"parameters":{"binary_data_output":true}}"#,
            binary: [])
        #expect(exchange.request.inputShapes == [Shape([0, 2])])
        let (json, tail) = try Self.parts(exchange, [Tensor(.float32, [0, 2], [Float]())])
        #expect(json.contains(#""shape":[0,2],"parameters":{"binary_data_size":0}"#))
        #expect(tail == [])
    }

    @Test("a raw body is the one input, and everything comes back in binary")
    func raw() throws {
        let exchange = Exchange(.iris)
        try exchange.decode(Self.bytes([Float(1), 2, 3, 4]), headerByteCount: 0)
        #expect(exchange.elements(0, Float.self) == [1, 2, 3, 4])
        #expect(exchange.request.inputShapes == [Shape([1, 4])])
        let (json, tail) = try Self.parts(
            exchange, [Tensor(.int64, [1], [Int64(1)]), Tensor(.float32, [1, 3], [Float(1), 2, 3])])
        #expect(json.contains(#""name":"probabilities","datatype":"FP32","shape":[1,3]"#))
        #expect(tail.count == 20)
    }

    @Test("a raw body makes the one open dimension as long as it is; a raw string has no length before it")
    func rawShapes() throws {
        let open = Exchange(.echo(.int16, [nil, nil, 2], isBatchable: true))
        try open.decode(Self.bytes([Int16(1), 2, 3, 4, 5, 6]), headerByteCount: 0)
        #expect(open.request.inputShapes == [Shape([1, 3, 2])])
        let text = Exchange(.echo(.string, [nil, 1], isBatchable: true))
        try text.decode(Array("427".utf8), headerByteCount: 0)
        #expect(text.strings(0) == ["427"])
        #expect(text.request.inputShapes == [Shape([1, 1])])
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let type: ElementType, shape: String, size: Int, tail: [UInt8], sentence: String
    }

    @Test("sizes that do not add up are refused with both numbers", arguments: [
        Row(
            testDescription: "fewer bytes than said", type: .float32, shape: "[2]", size: 8, tail: [1, 2, 3, 4, 5],
            sentence: "unexpected size for input 'in', expecting 3 additional bytes for model 'echo'"),
        Row(
            testDescription: "more bytes than said", type: .float32, shape: "[1]", size: 4,
            tail: [1, 2, 3, 4, 5, 6],
            sentence: "unexpected additional input data for model 'echo': 2 bytes belong to no input"),
        Row(
            testDescription: "another size than the shape's", type: .float32, shape: "[2]", size: 4,
            tail: [1, 2, 3, 4], sentence: "input 'in' has 4 bytes; its shape needs 8"),
        Row(
            testDescription: "a shape whose bytes overflow", type: .float64, shape: "[4611686018427387904]", size: 0,
            tail: [], sentence: "input 'in' has 0 bytes; its shape needs 9223372036854775807"),
        Row(
            testDescription: "a bool of 2", type: .bool, shape: "[2]", size: 2, tail: [1, 2],
            sentence: "input 'in' has a byte other than 0 and 1 at element 1 where 0 or 1 (BOOL) is expected"),
        Row(
            testDescription: "a string's length cut off", type: .string, shape: "[1]", size: 3, tail: [1, 0, 0],
            sentence: "incomplete string length indicator for inference input 'in', expecting 4 bytes but only "
                + "3 bytes available"),
        Row(
            testDescription: "a string longer than its bytes", type: .string, shape: "[1]", size: 5,
            tail: [255, 255, 255, 255, 65],
            sentence: "incomplete string data for inference input 'in', expecting string of length 4294967295 but "
                + "only 1 bytes available"),
        Row(
            testDescription: "a string too few", type: .string, shape: "[2]", size: 4, tail: [0, 0, 0, 0],
            sentence: "input 'in' has 1 strings; its shape needs 2"),
        Row(
            testDescription: "a string too many", type: .string, shape: "[1]", size: 8,
            tail: [0, 0, 0, 0, 0, 0, 0, 0], sentence: "input 'in' has 2 strings; its shape needs 1"),
    ])
    func sizes(_ row: Row) {
        let exchange = Exchange(.echo(row.type))
        let input = Self.input("in", row.shape, "\(row.type.datatype)", row.size)
        #expect(exchange.refusal(#"{"inputs":[\#(input)]}"#, binary: row.tail) == row.sentence)
        #expect(exchange.inputs[0].count == 0)
    }

    @Test("a header count outside of the body is refused", arguments: [-1, 4, 1 << 40])
    func headerCount(_ count: Int) {
        let sentence = "inference header size should be in range (0, 3), got: \(count)"
        #expect(throws: InferenceError.malformed(sentence)) {
            try Exchange(.iris).decode(Array("{} ".utf8), headerByteCount: count)
        }
    }

    @Test("a raw body for a model that it cannot be is refused")
    func rawRefusals() {
        func refusal(_ schema: ModelSchema, _ body: [UInt8]) -> String {
            do {
                try Exchange(schema).decode(body, headerByteCount: 0)
                return "accepted"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            refusal(PredictTests.tabular, [1])
                == "Raw request must only have 1 input to be deduced but got 3 inputs in 'tabular' model configuration")
        #expect(
            refusal(.echo(.int8, [nil, nil]), [1])
                == "The shape of the raw input 'in' can not be deduced because there are more than one "
                + "variable-sized dimension")
        #expect(
            refusal(.echo(.string, [nil]), [1])
                == "For BYTE datatype raw input 'in', the model must have input shape [1]")
        #expect(refusal(.iris, [1, 2, 3]) == "input 'X' has 3 bytes; its shape needs 16")
        #expect(refusal(.echo(.int32, [nil]), [1, 2, 3, 4, 5]) == "input 'in' has 5 bytes; its shape needs 4")
    }

    @Test("both data and binary_data_size are refused")
    func both() {
        let input = #"{"name":"X","shape":[1,4],"datatype":"FP32","data":[1,2,3,4],"#
            + #""parameters":{"binary_data_size":16}}"#
        #expect(
            Exchange(.iris).refusal(#"{"inputs":[\#(input)]}"#, binary: [UInt8](repeating: 0, count: 16))
                == "input 'X' has both 'data' and 'binary_data_size'; one is expected")
    }
}
