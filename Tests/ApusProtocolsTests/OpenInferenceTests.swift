import ApusProtocols
import ApusWire
import Testing

@Suite("Open Inference Protocol")
struct OpenInferenceTests {
    static let body = #"{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","data":[5.9,3.0,4.2,1.5]}]}"#

    @Test("a row goes in and its answer comes out")
    func row() throws {
        let exchange = Exchange(.iris)
        try exchange.decode(Self.body)
        #expect(exchange.elements(0, Float.self) == [5.9, 3.0, 4.2, 1.5])
        #expect(exchange.request.inputShapes == [Shape([1, 4])])
        #expect(exchange.request.rowCount == 1)
        #expect(exchange.request.wantedOutputs == [true, true])
        let answer = try exchange.answer([
            Tensor(.int64, [1], [Int64(1)]), Tensor(.float32, [1, 3], [Float(0.2), 0.75, 1]),
        ])
        #expect(
            answer == #"{"model_name":"iris","model_version":"1","outputs":["#
                + #"{"name":"label","datatype":"INT64","shape":[1],"data":[1]},"#
                + #"{"name":"probabilities","datatype":"FP32","shape":[1,3],"data":[0.2,0.75,1.0]}]}"#)
        #expect(exchange.response.contentType == .json)
        #expect(exchange.response.inferenceHeaderByteCount == nil)
    }

    @Test("each request of a batch gets its own rows")
    func batch() throws {
        let exchange = Exchange(.iris)
        try exchange.decode(#"{"id":"a\"b","outputs":[{"name":"label"}],"# + Self.body.dropFirst())
        let labels = Tensor(.int64, [3], [Int64(7), 8, 9])
        let unused = Tensor(.float32, [0, 3], [Float]())
        #expect(
            try exchange.answer([labels, unused], rows: 1..<2)
                == #"{"model_name":"iris","model_version":"1","id":"a\"b","outputs":["#
                + #"{"name":"label","datatype":"INT64","shape":[1],"data":[8]}]}"#)
        #expect(exchange.request.wantedOutputs == [true, false])
    }
}
