import ApusModel
import ApusProtocols
import ApusWire

/// What a model version must be able to do before it serves, as the files beside it say: answer its example requests,
/// and give the estimator's own answers to the golden rows of its baseline.
struct ModelProofs {
    let schema: ModelSchema
    let golden: [GoldenRow]
    let settings: TemplateSettings

    /// Runs all of them. Belongs in a throwaway process.
    /// - Returns: a sentence for the first that fails; nil when none does.
    func firstFailure(_ session: Session) -> String? {
        exampleFailure(session) ?? session.firstDifference(from: golden)
    }

    private func exampleFailure(_ session: Session) -> String? {
        for file in ExampleFile.allCases {
            guard let body = file.read(besideModel: session.path) else { continue }
            if let failure = failure(of: body, file.name, file.codec(schema, byteCount: body.count), session) {
                return failure
            }
        }
        return nil
    }

    private func failure(
        of body: [UInt8], _ name: String, _ codec: any InferenceCodec, _ session: Session
    ) -> String? {
        let request = InferenceRequest()
        let buffers = schema.inputs.map { TensorBuffer($0.elementType) }
        do throws(InferenceError) {
            try codec.decode(
                example: body, inputs: buffers, request: request, FeatureCheck(schema, outOfRange: settings.outOfRange))
            try session.run(ExampleInput(buffers, shapes: request.inputShapes)) { _ in }
            return nil
        } catch {
            if case .runFailed(_, let reason) = error {
                return "the model cannot run the example request \(name) beside it (\(reason))"
            }
            return "the example request \(name) beside the model is not one that it takes: \(error)"
        }
    }
}
