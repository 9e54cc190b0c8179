import ApusWire

/// One value of one input.
extension PredictCodec {
    /// Appends a value: one row of the input, or the whole tensor when the model has no rows.
    ///
    /// - Parameter isFirst: it settles the dimensions that the model leaves open.
    func append(
        _ value: JSONValue, _ index: Int, isFirst: Bool, to buffer: TensorBuffer, _ request: InferenceRequest
    ) throws(InferenceError) {
        let spec = schema.inputs[index]
        let first = hasRows ? 1 : 0
        if value.kind != .array {
            guard spec.isOneValue(from: first) else { throw mismatch(spec, first, found: value.kindText) }
            try settle(ones(spec.shape.count), index, isFirst: isFirst, request)
            let form = forms[index].form(ofElement: 0, width: 1)
            return try tensors.append(leaf: value, form, to: buffer, input: spec.name)
        }
        guard let shape = shape(of: value, spec, from: first), let count = shape.elementCount else {
            throw mismatch(spec, first, found: "a list of \(value.elementCount)")
        }
        try settle(shape, index, isFirst: isFirst, request)
        try tensors.append(
            value, shape: shape.dropping(first), count: count, TensorForms(forms[index], shape), to: buffer,
            input: spec.name)
    }

    /// The shape of a list, with 1 for the rows: the model's dimensions where they are fixed; elsewhere as long as
    /// the first list of that level is.
    /// - Returns: nil when there is no list at a level that the model leaves open, or a list where there is none.
    private func shape(of value: JSONValue, _ spec: TensorSpec, from first: Int) -> Shape? {
        guard spec.shape.count > first else { return nil }
        var shape = ones(first)
        var level: JSONValue? = value
        for size in spec.shape[first...] {
            if let size {
                shape.append(size)
            } else {
                guard let level, level.kind == .array else { return nil }
                shape.append(level.elementCount)
            }
            var elements = level?.elements
            level = elements?.next()
        }
        return shape
    }

    private func ones(_ rank: Int) -> Shape {
        var shape = Shape()
        for _ in 0..<rank { shape.append(1) }
        return shape
    }

    /// Records have to have the same shape.
    private func settle(
        _ shape: Shape, _ index: Int, isFirst: Bool, _ request: InferenceRequest
    ) throws(InferenceError) {
        // A record before this one may have had no shape that could be read.
        if isFirst || request.inputShapes[index].rank != shape.rank {
            request.inputShapes[index] = shape
        } else if request.inputShapes[index] != shape {
            let first = request.inputShapes[index].dropping(1)
            throw .shapeMismatch(
                input: schema.inputs[index].name, model: schema.name, found: "\(shape.dropping(1))",
                wanted: "\(first) as in the first row")
        }
    }

    private func mismatch(_ spec: TensorSpec, _ first: Int, found: String) -> InferenceError {
        let shape = spec.shape.dropFirst(first).map { String($0 ?? -1) }.joined(separator: ",")
        let wanted = spec.isOneValue(from: first)
            ? JSONTensorReader.wanted(spec.elementType) : "a list of shape [\(shape)]"
        return .unrepresentable(input: spec.name, found: found, wanted: hasRows ? "\(wanted) for each row" : wanted)
    }
}

extension Shape {
    /// Without its first dimensions.
    func dropping(_ count: Int) -> Shape {
        var shape = Shape()
        for index in min(count, rank)..<rank { shape.append(self[index]) }
        return shape
    }
}
