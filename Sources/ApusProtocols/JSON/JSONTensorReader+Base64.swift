import ApusWire

/// Strings given as `{"b64":"…"}` (TensorFlow Serving, RESTful API, "Encoding binary values").
extension JSONTensorReader {
    /// Whether `value` is an object with the one member `b64`, a string.
    static func isBase64(_ value: JSONValue) -> Bool {
        var members = value.members
        guard let first = members.next(), "b64" ~= first.key, first.value.kind == .string else { return false }
        return members.next() == nil
    }

    /// Appends one string, given plainly or in base64.
    func append(base64Leaf value: JSONValue, to buffer: TensorBuffer, input: String) throws(InferenceError) {
        if let text = value.string { return buffer.append(string: text) }
        guard Self.isBase64(value), let text = value.members.first(where: { _ in true })?.value.string else {
            throw .unrepresentable(
                input: input, found: value.kindText, wanted: "a string or {\"b64\":\"…\"} (BYTES)")
        }
        guard let bytes = Base64.decoded(text) else {
            throw .malformed("input '\(input)' has a 'b64' that is not base64 (RFC 4648)")
        }
        bytes.withUnsafeBytes { buffer.append(string: $0) }
    }
}
