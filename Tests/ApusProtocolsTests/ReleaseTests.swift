import ApusWire
import Testing

@testable import ApusProtocols

/// Memory that one huge request took is given back when it is answered.
@Suite("Memory given back")
struct ReleaseTests {
    @Test("by the reader of JSON, after very many texts")
    func texts() throws {
        let schema = ModelSchema.echo(.string)
        let codec = OpenInferenceCodec(schema: schema)
        let exchange = Exchange(schema, codec)
        let count = 300_000
        let data = "[" + String(repeating: "\"\",", count: count - 1) + "\"\"]"
        try exchange.decode(#"{"inputs":[{"name":"in","shape":[\#(count)],"datatype":"BYTES","data":\#(data)}]}"#)
        #expect(codec.tensors.textCapacity >= count)
        codec.shrink()
        #expect(codec.tensors.textCapacity < 100)
        exchange.inputs[0].removeAll()
        try exchange.decode(#"{"inputs":[{"name":"in","shape":[20],"datatype":"BYTES","data":\#(FilledInTests.list(#""a""#, 20))}]}"#)
        #expect(exchange.strings(0) == Array(repeating: "a", count: 20))
    }

    @Test("by the texts of an answer of very many classes")
    func classes() throws {
        let schema = ModelSchema.echo(.float32)
        let codec = OpenInferenceCodec(schema: schema)
        let exchange = Exchange(schema, codec)
        try exchange.decode(
            #"{"inputs":[{"name":"in","shape":[1],"datatype":"FP32","data":[1]}],"#
                + #""outputs":[{"name":"out","parameters":{"classification":1000000}}]}"#)
        let scores = Tensor(.float32, [1_000_000], (0..<1_000_000).map { Float($0) })
        let whole = try exchange.answer([scores])
        #expect(codec.classTexts[0].reservedByteCount <= 4 << 20)
        #expect(try exchange.answer([scores]) == whole)
    }
}
