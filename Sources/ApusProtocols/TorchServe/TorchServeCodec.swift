import ApusWire

/// TorchServe's `/predictions/M`: what `/predict` takes and gives. The request is the body, or the part `data` of a form
/// (`curl -F data=@row.json`), else its part `body`, else its only one, as TorchServe's handlers look for it.
package final class TorchServeCodec: InferenceCodec {
    private let predict: PredictCodec

    package init(_ predict: PredictCodec) { self.predict = predict }

    package func decode(
        _ body: UnsafeRawBufferPointer, headerByteCount: Int?, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard FormData.isBegun(by: body) else {
            return try predict.decode(body, headerByteCount: nil, inputs: inputs, request: request)
        }
        request.reset()
        let parts = try FormData(body).parts
        guard let part = parts.first(where: { $0.name == "data" }) ?? parts.first(where: { $0.name == "body" })
            ?? (parts.count == 1 ? parts[0] : nil)
        else {
            throw .malformed("the form has \(parts.count) parts and none is called 'data'; one is expected, with JSON")
        }
        // The delimiter behind it and the bytes behind the body are readable.
        try predict.decode(part.content, headerByteCount: nil, inputs: inputs, request: request)
    }

    package func encode(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        try predict.encode(request, outputs: outputs, rows: rows, into: response)
    }

    package func shrink() { predict.shrink() }
}
