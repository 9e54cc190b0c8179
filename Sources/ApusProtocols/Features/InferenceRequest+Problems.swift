import ApusWire

extension InferenceRequest {
    /// Everything that is wrong with a request that a codec refused: what it threw, what it had noted before, and
    /// what the schema's features forbid in the values that could be read all the same.
    ///
    /// - Parameters:
    ///   - error: what `decode` threw.
    ///   - inputs: as `decode` left them.
    ///   - firstElements: where the request's elements begin in each of `inputs`.
    package func problems(
        with error: InferenceError, _ features: FeatureCheck?, inputs: [TensorBuffer], firstElements: [Int]
    ) -> InferenceError {
        do throws(InferenceError) {
            try problems.note(error)
            if error.status == 400 {
                try features?.check(self, inputs: inputs, firstElements: firstElements, into: &problems)
            }
            try problems.finish()
        } catch {
            return error
        }
        preconditionFailure("what was noted is thrown")
    }
}
