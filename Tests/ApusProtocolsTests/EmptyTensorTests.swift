import ApusProtocols
import ApusWire
import Testing

/// Tensors without elements: no byte of a request bears out what their other dimensions say.
@Suite("Tensors without elements")
struct EmptyTensorTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let shape: String
        var isBatchable = true
        let outcome: String

        var testDescription: String { "\(shape)\(isBatchable ? "" : ", not batchable")" }
    }

    static let tooManyRows = "inference request batch-size must be <= 65536 for 'echo', got "

    static func tooMuch(_ shape: String, _ claim: String) -> String {
        "invalid shape for input 'in': shape \(shape) has no elements, and its other dimensions come to \(claim); "
            + "at most 65536 is expected"
    }

    static let rows = [
        Row(shape: "[0,0]", outcome: "accepted"), Row(shape: "[0,3]", outcome: "accepted"),
        Row(shape: "[0,65536]", outcome: "accepted"), Row(shape: "[5,0]", outcome: "accepted"),
        Row(shape: "[65536,0]", outcome: "accepted"), Row(shape: "[65536,0]", isBatchable: false, outcome: "accepted"),
        Row(shape: "[65537,0]", outcome: tooManyRows + "65537"),
        Row(shape: "[1000000000000,0]", outcome: tooManyRows + "1000000000000"),
        Row(shape: "[9223372036854775807,0]", outcome: tooManyRows + "9223372036854775807"),
        Row(shape: "[0,65537]", outcome: tooMuch("[0,65537]", "65537")),
        Row(shape: "[65537,0]", isBatchable: false, outcome: tooMuch("[65537,0]", "65537")),
        Row(
            shape: "[9223372036854775807,0]", isBatchable: false,
            outcome: tooMuch("[9223372036854775807,0]", "9223372036854775807")),
    ]

    static func body(_ shape: String, _ rest: String) -> String {
        #"{"inputs":[{"name":"in","shape":\#(shape),"datatype":"FP32"\#(rest)}]}"#
    }

    @Test("claim so many rows, or whatever else, and no more", arguments: rows)
    func claims(_ row: Row) {
        let exchange = Exchange(.echo(.float32, [nil, nil], isBatchable: row.isBatchable))
        for rest in ["", #","data":[]"#] { #expect(exchange.refusal(Self.body(row.shape, rest)) == row.outcome) }
        let binary = Self.body(row.shape, #","parameters":{"binary_data_size":0}"#)
        #expect(exchange.refusal(binary, binary: []) == row.outcome)
    }

    @Test("may have any dimension that is the model's own; the open ones count together")
    func fixedDimensions() {
        let exchange = Exchange(.echo(.float32, [nil, 3, 100_000, nil], isBatchable: true))
        #expect(exchange.refusal(Self.body("[0,3,100000,7]", "")) == "accepted")
        #expect(exchange.refusal(Self.body("[2,3,100000,0]", "")) == "accepted")
        let open = Exchange(.echo(.float32, [nil, nil, nil], isBatchable: true))
        #expect(open.refusal(Self.body("[300,300,0]", "")) == Self.tooMuch("[300,300,0]", "90000"))
        #expect(open.refusal(Self.body("[70000,0,70000]", "")) == Self.tooManyRows + "70000")
    }

    @Test("bring no default for the rows that they claim, nor do others that lack elements", arguments: [
        #""shape":[3000000,0]"#, #""shape":[3000000,1],"data":[]"#, #""shape":[3000000,1],"data":[1,2]"#,
    ])
    func defaults(_ claim: String) {
        var schema = ModelSchema(
            name: "m", version: 1,
            inputs: [
                TensorSpec(name: "a", elementType: .float32, shape: [nil, nil]),
                TensorSpec(name: "b", elementType: .float32, shape: [nil, 1]),
            ], outputs: [], isBatchable: true, maxBatchRowCount: 8)
        schema.features[1].isRequired = false
        let exchange = Exchange(schema)
        #expect(throws: InferenceError.self) {
            try withBody(Array(#"{"inputs":[{"name":"a","datatype":"FP32",\#(claim)}]}"#.utf8)) {
                try exchange.codec.decode($0, headerByteCount: nil, inputs: exchange.inputs, request: exchange.request)
            }
        }
        #expect(exchange.inputs[1].count == 0)
    }
}
