import ApusWire

/// Reads tensors that come whole, with their rows, and without a shape of their own: that of their lists counts.
struct WholeTensors {
    let schema: ModelSchema
    let tensors: JSONTensorReader

    /// Appends input `index` and notes its shape.
    ///
    /// Where the model has dimensions of 1 at the end that the lists lack, they are added: `[1, 2]` is a column of
    /// two rows.
    /// - Throws: `shapeMismatch`, or what `JSONTensorReader` throws.
    func append(
        _ value: JSONValue, _ index: Int, to buffer: TensorBuffer, _ request: InferenceRequest
    ) throws(InferenceError) {
        let spec = schema.inputs[index]
        guard !request.seenInputs[index] else { throw .duplicateInput(name: spec.name) }
        request.seenInputs[index] = true
        guard value.kind == .array else {
            guard spec.shape.isEmpty else {
                throw .unrepresentable(
                    input: spec.name, found: value.kindText, wanted: "a list of shape \(spec.shapeText)")
            }
            return try tensors.append(leaf: value, to: buffer, input: spec.name)
        }
        let shape = try shape(of: value, spec)
        guard let count = shape.elementCount else {
            throw .malformed("input '\(spec.name)' has more elements than \(Int.max)")
        }
        request.inputShapes[index] = shape
        try tensors.append(value, shape: shape, count: count, to: buffer, input: spec.name)
    }

    /// As long at each level as the first list there is; that the others are as long is found when they are read.
    private func shape(of value: JSONValue, _ spec: TensorSpec) throws(InferenceError) -> Shape {
        var shape = Shape()
        var next: JSONValue? = value
        while let list = next, list.kind == .array, shape.rank < Shape.rankLimit {
            shape.append(list.elementCount)
            var elements = list.elements
            next = elements.next()
        }
        let missing = spec.shape.dropFirst(shape.rank)
        if missing.allSatisfy({ $0 == nil || $0 == 1 }) {
            for _ in missing { shape.append(1) }
        }
        guard spec.admits(shape) else {
            throw .shapeMismatch(
                input: spec.name, model: schema.name, found: "\(shape)", wanted: spec.shapeText)
        }
        return shape
    }
}
