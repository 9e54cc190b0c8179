import ApusWire

extension ResponseBuffer {
    /// Appends `{"error":"…"}`, as the Open Inference Protocol and `/predict` have it.
    package func append(error: InferenceError) {
        var text = error.description
        append("{\"error\":")
        text.withUTF8 { append(quoted: UnsafeRawBufferPointer($0)) }
        append("}")
        contentType = .json
        inferenceHeaderByteCount = nil
    }
}
