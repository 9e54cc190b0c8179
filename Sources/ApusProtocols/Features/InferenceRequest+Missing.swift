import ApusWire

extension InferenceRequest {
    /// Appends, for inputs that the request does not have, what the schema says stands for them: as many rows as the
    /// others have. Notes those that have to be there.
    /// - Throws: every problem of the request so far, when there are too many; `malformed` when what stands for them
    ///   takes too much.
    func fillMissing(_ schema: ModelSchema, inputs: [TensorBuffer]) throws(InferenceError) {
        for index in schema.inputs.indices where !seenInputs[index] {
            if try !fill(index, schema, inputs[index]) {
                try problems.note(.missingInput(name: schema.inputs[index].name, model: schema.name))
            }
        }
    }

    /// Appends what stands for a value of that feature where there is none, and counts it as filled in.
    /// - Returns: false, with nothing appended, when it has to be there.
    func fill(_ buffer: TensorBuffer, with feature: FeatureSpec) -> Bool {
        filling(buffer) { buffer.append(feature) }
    }

    private func fill(_ index: Int, _ schema: ModelSchema, _ buffer: TensorBuffer) throws(InferenceError) -> Bool {
        let spec = schema.inputs[index]
        guard let feature = schema.wholeFeature(ofInput: index), !feature.isRequired,
            schema.hasRows, spec.isOneValue(from: 1),
            let given = schema.inputs.indices.first(where: { seenInputs[$0] && inputShapes[$0].rank > 0 })
        else { return false }
        seenInputs[index] = true
        // A request with problems is not run, and its shapes may say what is not there.
        guard problems.isEmpty else { return true }
        let rowCount = inputShapes[given][0]
        for row in 0..<rowCount {
            guard fill(buffer, with: feature) else { return false }
            try checkFilled(row: row)
        }
        var shape = Shape(spec.shape.map { $0 ?? 1 })
        shape[0] = rowCount
        inputShapes[index] = shape
        return true
    }
}

extension TensorBuffer {
    /// Appends a feature's default, NaN, or no text.
    fileprivate func append(_ feature: FeatureSpec) -> Bool {
        if let value = feature.defaultValue { return append(value) }
        return feature.isRequired ? false : appendMissing()
    }
}
