import ApusWire

extension TensorBuffer {
    /// Appends the bytes that a text in base64 means. It may be in lines, as Python's `base64.encodebytes` has it, with
    /// which MLflow's client writes them (RFC 2045 §6.8).
    /// - Throws: `unrepresentable`, with nothing appended.
    func append(base64 text: UnsafeRawBufferPointer, input: @autoclosure () -> String) throws(InferenceError) {
        let lineless = text.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard let bytes = lineless.withUnsafeBytes({ Base64.decoded($0) }) else {
            throw .unrepresentable(input: input(), found: "a text that is not base64", wanted: "base64 (RFC 4648)")
        }
        bytes.withUnsafeBytes { append(string: $0) }
    }
}
