import ApusWire

extension InferenceRequest {
    /// Takes the number of rows from the shapes: the inputs of a batchable model have the same rows. All of them are
    /// there.
    /// - Throws: every problem of the request.
    func countRows(_ schema: ModelSchema) throws(InferenceError) {
        guard schema.isBatchable, !schema.inputs.isEmpty else { return try problems.finish() }
        let rows = inputShapes[0][0]
        for index in 1..<schema.inputs.count where inputShapes[index][0] != rows {
            try problems.note(
                .batchMismatch(
                    input: schema.inputs[index].name, model: schema.name, found: inputShapes[index][0], wanted: rows))
        }
        try problems.finish()
        rowCount = rows
    }
}
