import ApusProtocols
import ApusWire
import Testing

@Suite("Classification")
struct ClassificationTests {
    static func exchange(_ parameters: String, labels: ClassLabels? = nil, batch: Bool = true) throws -> Exchange {
        var schema = ModelSchema.echo(.float32, [nil, 4], isBatchable: batch)
        schema.outputs[0].labels = labels
        let exchange = Exchange(schema)
        try exchange.decode(
            #"{"inputs":[{"name":"in","shape":[2,4],"datatype":"FP32","data":[1,2,3,4,5,6,7,8]}],"#
                + #""outputs":[{"name":"out","parameters":{\#(parameters)}}]}"#)
        return exchange
    }

    static var scores: Tensor {
        Tensor(.float32, [3, 4], [Float(0), 0, 0, 0, 1, 5, 10, 4, 0.5, .nan, 0.5, .infinity])
    }

    @Test("each row's best classes come first, with their labels; ties by index, NaN last")
    func best() throws {
        let exchange = try Self.exchange(#""classification":3"#, labels: .strings(["a", "b\"", "c", "d"]))
        #expect(
            try exchange.answer([Self.scores], rows: 1..<3).hasSuffix(
                #""outputs":[{"name":"out","datatype":"BYTES","shape":[2,3],"data":"#
                    + #"["10.0:2:c","5.0:1:b\"","4.0:3:d","Infinity:3:d","0.5:0:a","0.5:2:c"]}]}"#))
    }

    @Test("more classes than there are give all of them, in binary as well")
    func all() throws {
        let exchange = try Self.exchange(#""binary_data":true,"classification":9"#)
        let answer = try exchange.encode([Tensor(.float32, [1, 4], [Float(1), 2, 3, 4])], rows: 0..<1)
        let header = try #require(exchange.response.inferenceHeaderByteCount)
        let json = String(decoding: answer.prefix(header), as: UTF8.self)
        #expect(json.contains(#""datatype":"BYTES","shape":[1,4],"parameters":{"binary_data_size":36}"#))
        #expect(Array(answer.dropFirst(header).prefix(9)) == [5, 0, 0, 0] + Array("4.0:3".utf8))
    }

    @Test("a model that is not batchable has its whole tensor classified")
    func whole() throws {
        let exchange = try Self.exchange(#""classification":1"#, batch: false)
        let tensor = Tensor(.float32, [2, 4], [Float(1), 2, 3, 4, 9, 0, 0, 0])
        #expect(try exchange.answer([tensor]).hasSuffix(#""shape":[1],"data":["9.0:4"]}]}"#))
    }

    @Test("classification 0 is the tensor itself")
    func none() throws {
        let exchange = try Self.exchange(#""classification":0"#)
        #expect(
            try exchange.answer([Self.scores], rows: 1..<2)
                .hasSuffix(#""datatype":"FP32","shape":[1,4],"data":[1.0,5.0,10.0,4.0]}]}"#))
    }
}
