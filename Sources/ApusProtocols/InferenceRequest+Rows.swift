import ApusWire

extension InferenceRequest {
    /// Takes the number of rows from the shapes: the inputs of a batchable model have the same rows.
    /// - Throws: every problem of the request.
    func countRows(_ schema: ModelSchema) throws(InferenceError) {
        guard schema.isBatchable else { return try problems.finish() }
        var rows: Int?
        // An input without a shape is missing, or could not be read.
        for index in schema.inputs.indices where inputShapes[index].rank > 0 {
            let found = inputShapes[index][0]
            guard let wanted = rows else {
                rows = found
                continue
            }
            guard found != wanted else { continue }
            try problems.note(
                .batchMismatch(input: schema.inputs[index].name, model: schema.name, found: found, wanted: wanted))
        }
        try problems.finish()
        if let rows { rowCount = rows }
    }
}
