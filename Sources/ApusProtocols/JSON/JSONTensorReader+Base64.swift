import ApusWire

/// Strings given as `{"b64":"…"}` (TensorFlow Serving, RESTful API, "Encoding binary values").
extension JSONTensorReader {
    /// Whether `value` is an object with the one member `b64`, a string.
    static func isBase64(_ value: JSONValue) -> Bool {
        var members = value.members
        guard let first = members.next(), "b64" ~= first.key, first.value.kind == .string else { return false }
        return members.next() == nil
    }

    /// Appends the leaves of a list that has such objects among its strings: nested as `shape`, or flat.
    /// - Throws: `unrepresentable`, or `malformed` for another nesting or what is not base64.
    func append(
        base64 value: JSONValue, shape: Shape, to buffer: TensorBuffer, input: String
    ) throws(InferenceError) {
        var elements = value.elements
        if elements.next()?.kind == .array {
            try append(base64: value, shape, level: 0, to: buffer, input: input)
        } else {
            for element in value.elements { try append(base64Leaf: element, to: buffer, input: input) }
        }
    }

    private func append(
        base64 value: JSONValue, _ shape: Shape, level: Int, to buffer: TensorBuffer, input: String
    ) throws(InferenceError) {
        guard level < shape.rank else { return try append(base64Leaf: value, to: buffer, input: input) }
        guard value.kind == .array, value.elementCount == shape[level] else {
            throw .malformed(
                "data of input '\(input)' is not nested as its shape \(shape) says: "
                    + "a list of \(shape[level]) is expected at level \(level + 1)")
        }
        for element in value.elements {
            try append(base64: element, shape, level: level + 1, to: buffer, input: input)
        }
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
