import ApusWire

extension ResponseBuffer {
    /// Appends an error as the protocol of its request writes it.
    package func append(error: InferenceError, shape: ErrorShape) {
        append(shape.body(status: error.status, message: error.description))
        contentType = .json
        inferenceHeaderByteCount = nil
    }
}
