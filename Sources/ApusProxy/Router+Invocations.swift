import ApusWire

/// `/invocations`, MLflow's and SageMaker's; TorchServe's `/predictions`; Vertex AI's routes.
extension Router {
    /// POST `/invocations`: of the model that `?model=` or `x-apus-model` names, else of the default.
    func invocations() throws(HTTPParseError) -> Route {
        guard var named = fields.model, let name = try named.next() else {
            return invocations { run($0, .mlflow, ofDefault: "/models/NAME/invocations") }
        }
        let version = try named.next()
        return invocations { run($0, .mlflow, of: name, VersionChoice(version: version)) }
    }

    /// POST `/models/M[/versions/V | /labels/L]/invocations`.
    func invocations(of name: PathSegment, _ choice: VersionChoice) -> Route {
        invocations { run($0, .mlflow, of: name, choice) }
    }

    private func invocations(_ run: (Endpoint) -> Route) -> Route {
        guard method == .post else { return wrongMethod(Self.post, .mlflow) }
        switch fields.body {
        case .json: return run(.mlflow)
        case .csv: return run(.mlflowCSV)
        case .refused(let sentence): return .local(.failure(.error(415, sentence, .mlflow)), .mlflow)
        }
    }

    /// POST or PUT `/predictions/M[/V]`: TorchServe's inference API; its clients send files by PUT, too.
    func torchServe(_ name: PathSegment?, _ segments: inout PathSegments) throws(HTTPParseError) -> Route {
        guard let name, !(name == "") else { return notFound(.torchServe) }
        let version = try segments.next()
        guard try segments.next() == nil else { return notFound(.torchServe) }
        guard method == .post || method == .put else { return wrongMethod("POST, PUT, OPTIONS", .torchServe) }
        switch catalog.find(name, VersionChoice(version: version)) {
        case .success(let (_, model)):
            return .infer(InferenceRoute(model, .torchServe, .torchServe, namesVersion: version != nil))
        case .failure(let error): return .local(.failure(.error(error, .torchServe)), .torchServe)
        }
    }

    /// The default model's prediction and health, where Vertex AI was told to ask.
    func vertexRoute(_ path: UnsafeRawBufferPointer) -> Route? {
        if path.elementsEqual(vertex.predict) {
            guard method == .post else { return wrongMethod(Self.post, .tensorFlowServing) }
            return run(.tensorFlowPredict, .tensorFlowServing, ofDefault: "/v1/models/NAME:predict")
        }
        return path.elementsEqual(vertex.health) ? answer(.ready, .tensorFlowServing) : nil
    }
}

/// The paths that Vertex AI gives a container (custom containers, `AIP_PREDICT_ROUTE`, `AIP_HEALTH_ROUTE`). Empty for
/// none.
struct VertexRoutes {
    var predict: [UInt8] = []
    var health: [UInt8] = []

    var isEmpty: Bool { predict.isEmpty && health.isEmpty }

    init() {}

    init(_ settings: ProxySettings) {
        predict = Array(settings.predictRoute.utf8)
        health = Array(settings.healthRoute.utf8)
    }
}
