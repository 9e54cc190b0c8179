import ApusWire
import CSimdJSON

/// One protocol's form of requests and answers, for one model version.
package protocol InferenceCodec: AnyObject {
    /// Reads one body: fills `request`, and appends the elements of each model input to its buffer.
    ///
    /// - Parameter body: 64 bytes behind it must be readable (`APUS_JSON_PADDING`). Nothing of it is kept but large
    ///   binary tensors, which `inputs` may borrow: see `TensorBuffer.own`.
    /// - Parameter headerByteCount: `Inference-Header-Content-Length`, if the request had one.
    /// - Parameter inputs: one for each input, in the schema's order. When this throws they may hold part of the
    ///   request: the caller truncates them.
    /// - Throws: only errors whose origin is the client.
    func decode(
        _ body: UnsafeRawBufferPointer, headerByteCount: Int?, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError)

    /// Appends the answer to `request` to `response`.
    ///
    /// - Parameter outputs: one for each output, in the schema's order. Those not wanted are not looked at.
    /// - Parameter rows: the part of dimension 0 that belongs to this request; nil for all of it.
    /// - Throws: `runFailed` when the tensors are not what the schema says, `malformed` when the policy refuses a
    ///   number that is not finite. `response` may then hold part of an answer: the caller truncates it.
    func encode(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError)

    /// Gives back the memory that a huge body took. For when nothing is in flight.
    func shrink()
}

extension InferenceCodec {
    /// Reads one JSON body of somebody who has no room behind it, into empty buffers, and holds it against the
    /// schema's features. For examples, not for requests.
    /// - Throws: everything that is wrong with it.
    package func decode(
        example body: [UInt8], inputs: [TensorBuffer], request: InferenceRequest, _ features: FeatureCheck?
    ) throws(InferenceError) {
        let firstElements = inputs.map { _ in 0 }
        let padded = body + [UInt8](repeating: 0, count: Int(APUS_JSON_PADDING))
        let result = padded.withUnsafeBytes { bytes in
            Result { () throws(InferenceError) in
                try decode(
                    UnsafeRawBufferPointer(rebasing: bytes[..<body.count]), headerByteCount: nil, inputs: inputs,
                    request: request)
            }
        }
        for buffer in inputs { buffer.own() }
        if case .failure(let error) = result {
            throw request.problems(with: error, features, inputs: inputs, firstElements: firstElements)
        }
        try features?.check(request, inputs: inputs, firstElements: firstElements)
    }
}
