import ApusWire

/// Paths of models in the protocols of other servers.
extension OpenAPIDocument {
    func writeOthers(of model: ServedModel, at place: String, id: String, to json: inout JSONWriter) {
        for (verb, body, summary) in [
            ("predict", prefix(model) + "TensorFlowRequest", "Ask by row or by column (TensorFlow Serving, KServe V1)"),
            ("classify", "TensorFlowExamples", "Classify examples (TensorFlow Serving)"),
            ("regress", "TensorFlowExamples", "A number for each example (TensorFlow Serving)"),
        ] {
            let answer = verb == "predict" ? "TensorFlowResponse" : "TensorFlowResults"
            let operation = OpenAPIOperation(
                method: "post", id: "\(id)/v1/\(verb)", tag: model.route.name, summary: summary, body: body,
                answer: .json(answer), failures: OpenAPIOperation.ofRun, shape: .tensorFlowServing)
            write("/v1/models/\(place):\(verb)", [operation], to: &json)
        }
        let status = OpenAPIOperation(
            id: "\(id)/v1/status", tag: model.route.name, summary: "Versions and their states (TensorFlow Serving)",
            answer: .json("TensorFlowStatus"), failures: [404], shape: .tensorFlowServing,
            notReady: "TensorFlowStatusOrError")
        write("/v1/models/\(place)", [status], to: &json)
        let metadata = OpenAPIOperation(
            id: "\(id)/v1/metadata", tag: model.route.name, summary: "Inputs and outputs (TensorFlow Serving)",
            answer: .json("TensorFlowMetadata"), failures: OpenAPIOperation.ofModel, shape: .tensorFlowServing)
        write("/v1/models/\(place)/metadata", [metadata], to: &json)
        write("/models/\(place)/invocations", [invocations(model, id: "\(id)/invocations")], to: &json)
        let parts = place.split(separator: "/")  // NAME or NAME/versions/V
        let torchServePlace = parts.count == 1 ? place : "\(parts[0])/\(parts[2])"
        let predictions = ["post", "put"].map { torchServe(model, method: $0, id: "\(id)/predictions/\($0)") }
        write("/predictions/\(torchServePlace)", predictions, to: &json)
    }

    /// MLflow's path.
    func invocations(_ model: ServedModel, id: String) -> OpenAPIOperation {
        OpenAPIOperation(
            method: "post", id: id, tag: model.route.name,
            summary: "Ask with a table or tensors, in JSON or CSV (MLflow, SageMaker)",
            body: prefix(model) + "MLflowRequest", answer: .json("MLflowResponse"), failures: OpenAPIOperation.ofRun,
            shape: .mlflow, alternative: "text/csv")
    }

    private func torchServe(_ model: ServedModel, method: String, id: String) -> OpenAPIOperation {
        OpenAPIOperation(
            method: method, id: id, tag: model.route.name, summary: "As predict (TorchServe)",
            body: prefix(model) + "PredictRequest", answer: .json(prefix(model) + "PredictResponse"),
            failures: OpenAPIOperation.ofRun, shape: .torchServe)
    }

    private func prefix(_ model: ServedModel) -> String {
        OpenAPINames.schemaPrefix(name: model.route.name, version: model.route.version)
    }
}
