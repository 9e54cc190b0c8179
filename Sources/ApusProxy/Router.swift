import ApusWire

/// Where a request's path leads.
enum Route {
    /// To a model's workers.
    case infer(InferenceRoute)
    /// To an answer that the proxy makes itself, once the body (if any) has been read.
    case local(LocalEndpoint, ServingProtocol)
}

/// What the proxy answers itself.
enum LocalEndpoint {
    case root, live, ready, metrics, serverMetadata, modelNames
    case openAPI, page
    /// MLflow's, TorchServe's and SageMaker's `/ping`, LitServe's `/health`, MLflow's `/version`.
    case ping, health, version
    case openInferenceLive, openInferenceReady
    /// TensorFlow Serving's status of those versions of a model; with KServe's readiness of the one, if there is one.
    case tensorFlowStatus(ModelCatalog.Entry, [ServedModel], ready: ServedModel?)
    case tensorFlowMetadata(ServedModel)
    case modelReady(ServedModel), modelMetadata(ModelCatalog.Entry, ServedModel), modelConfig(ServedModel)
    case statistics(ServedModel?)
    case repositoryIndex
    case repositoryChange(name: String, loads: Bool)
    case logSettings, traceSettings
    case options(StaticString)
    case failure(Reply)
}

/// Finds the route of a request by its method and path. Knows names, no bodies.
struct Router {
    let catalog: ModelCatalog
    let defaultModel: String
    let method: HTTPMethod
    /// What some paths are routed by beside themselves.
    var fields = RouteFields()
    /// Where Vertex AI asks.
    var vertex = VertexRoutes()

    static let get: StaticString = "GET, HEAD, OPTIONS"
    static let post: StaticString = "POST, OPTIONS"
    private static let either: StaticString = "GET, HEAD, POST, OPTIONS"

    func route(_ path: UnsafeRawBufferPointer) throws(HTTPParseError) -> Route {
        if !vertex.isEmpty, let route = vertexRoute(path) { return route }
        var segments = PathSegments(path)
        guard let first = try segments.next() else { return notFound(.other) }
        let second = try segments.next()
        if first == "v2" { return try openInference(second, &segments) }
        if first == "v1" { return try tensorFlow(second, &segments) }
        if first == "predictions" { return try torchServe(second, &segments) }
        if first == "models", let second { return try friendly(second, &segments) }
        if first == "monitoring", let second, second == "prometheus" {
            guard let third = try segments.next(), third == "metrics", try segments.next() == nil else {
                return notFound(.other)
            }
            return answer(.metrics, .other)
        }
        guard second == nil else { return notFound(.other) }
        if first == "invocations" { return try invocations() }
        return single(first)
    }

    // MARK: /…

    private func single(_ name: PathSegment) -> Route {
        if name == "predict" { return predict() }
        if name == "livez" { return answer(.live, .other) }
        if name == "readyz" || name == "healthz" { return answer(.ready, .other) }
        if name == "ping" { return answer(.ping, .torchServe) }
        if name == "health" { return answer(.health, .other) }
        if name == "version" { return answer(.version, .mlflow) }
        if name == "metrics" { return answer(.metrics, .other) }
        if name == "openapi.json" { return answer(.openAPI, .other) }
        if name == "docs" { return answer(.page, .other) }
        if name == "" { return answer(.root, .other) }
        if name == "*", method == .options { return .local(.options(Self.either), .other) }
        return notFound(.other)
    }

    // MARK: /models/M[/versions/V | /labels/L]/…

    private func friendly(
        _ name: PathSegment, _ segments: inout PathSegments
    ) throws(HTTPParseError) -> Route {
        var action = try segments.next()
        var choice = VersionChoice.newest
        if let found = action, found == "versions" || found == "labels" {
            guard let chosen = try segments.next() else { return notFound(.predict) }
            choice = found == "labels" ? .label(chosen) : .number(chosen)
            action = try segments.next()
        }
        guard let action, try segments.next() == nil else { return notFound(.predict) }
        if action == "predict" { return run(.predict, .predict, of: name, choice) }
        if action == "invocations" { return invocations(of: name, choice) }
        return notFound(.predict)
    }

    private func predict() -> Route {
        guard method == .post else { return wrongMethod(Self.post, .predict) }
        return run(.predict, .predict, ofDefault: "/models/NAME/predict")
    }

    // MARK: Runs

    /// A run of the named model.
    func run(
        _ endpoint: Endpoint, _ shape: ServingProtocol, of name: PathSegment, _ choice: VersionChoice
    ) -> Route {
        guard method == .post else { return wrongMethod(Self.post, shape) }
        switch catalog.find(name, choice) {
        case .success(let (_, model)):
            return .infer(InferenceRoute(model, endpoint, shape, namesVersion: choice.namesVersion))
        case .failure(let error): return .local(.failure(.error(error, shape)), shape)
        }
    }

    /// A run of the model that a request means when it names none.
    /// - Parameter path: where to ask for one by name, with NAME in its place.
    func run(_ endpoint: Endpoint, _ shape: ServingProtocol, ofDefault path: StaticString) -> Route {
        let entry = defaultModel.isEmpty ? catalog.entries.first : catalog.find(defaultModel)
        if defaultModel.isEmpty && catalog.entries.count > 1 {
            let names = catalog.entries.prefix(20).map { "\(path)".replacing("NAME", with: $0.name) }
            let sentence = "several models are served; choose one: \(names.joined(separator: ", "))"
            return .local(.failure(.error(404, sentence, shape)), shape)
        }
        guard let model = entry?.latest else {
            let error = InferenceError.unknownModel(name: defaultModel)
            return .local(.failure(.error(error, shape)), shape)
        }
        return .infer(InferenceRoute(model, endpoint, shape))
    }

    // MARK: /v2/…

    private func openInference(
        _ second: PathSegment?, _ segments: inout PathSegments
    ) throws(HTTPParseError) -> Route {
        guard let second, !(second == "") else { return answer(.serverMetadata, .openInference) }
        let third = try segments.next()
        if second == "models" { return try models(third, &segments) }
        let fourth = try segments.next()
        if second == "health", let third, fourth == nil {
            if third == "live" { return answer(.openInferenceLive, .openInference) }
            if third == "ready" { return answer(.openInferenceReady, .openInference) }
        }
        if second == "logging", third == nil { return settings(.logSettings) }
        if second == "trace", let third, third == "setting", fourth == nil {
            return settings(.traceSettings)
        }
        if second == "repository" { return try repository(third, fourth, &segments) }
        return notFound(.openInference)
    }

    private func settings(_ endpoint: LocalEndpoint) -> Route {
        switch method {
        case .get, .head, .post: .local(endpoint, .openInference)
        case .options: .local(.options(Self.either), .openInference)
        case .put, .delete, .patch, .trace, .query, .connect: wrongMethod(Self.either, .openInference)
        }
    }

    private func repository(
        _ third: PathSegment?, _ fourth: PathSegment?, _ segments: inout PathSegments
    ) throws(HTTPParseError) -> Route {
        if let third, third == "index", fourth == nil {
            return answer(.repositoryIndex, .openInference, Self.post)
        }
        guard let third, third == "models", let fourth, let action = try segments.next(),
            action == "load" || action == "unload", try segments.next() == nil
        else { return notFound(.openInference) }
        let name = String((fourth.text ?? "?").prefix(128))
        return answer(.repositoryChange(name: name, loads: action == "load"), .openInference, Self.post)
    }

    private func models(
        _ name: PathSegment?, _ segments: inout PathSegments
    ) throws(HTTPParseError) -> Route {
        guard let name, !(name == "") else { return answer(.modelNames, .openInference) }
        var next = try segments.next()
        if next == nil, name == "stats" { return answer(.statistics(nil), .openInference) }
        var version: PathSegment?
        if let found = next, found == "versions" {
            version = try segments.next()
            guard version != nil else { return notFound(.openInference) }
            next = try segments.next()
        }
        if next != nil, try segments.next() != nil {
            return try traceOfModel(name, version, next)
        }
        switch catalog.find(name, VersionChoice(version: version)) {
        case .success(let (entry, model)): return ofModel(entry, model, next, namesVersion: version != nil)
        case .failure(let error):
            return .local(.failure(.error(error, .openInference)), .openInference)
        }
    }

    private func traceOfModel(
        _ name: PathSegment, _ version: PathSegment?, _ next: PathSegment?
    ) throws(HTTPParseError) -> Route {
        guard let next, next == "trace" else { return notFound(.openInference) }
        if case .failure(let error) = catalog.find(name, VersionChoice(version: version)) {
            return .local(.failure(.error(error, .openInference)), .openInference)
        }
        return settings(.traceSettings)
    }

    private func ofModel(
        _ entry: ModelCatalog.Entry, _ model: ServedModel, _ action: PathSegment?, namesVersion: Bool
    ) -> Route {
        guard let action else { return answer(.modelMetadata(entry, model), .openInference) }
        if action == "infer" {
            guard method == .post else { return wrongMethod(Self.post, .openInference) }
            return .infer(InferenceRoute(model, .openInference, .openInference, namesVersion: namesVersion))
        }
        if action == "ready" { return answer(.modelReady(model), .openInference) }
        if action == "config" { return answer(.modelConfig(model), .openInference) }
        if action == "stats" { return answer(.statistics(model), .openInference) }
        return notFound(.openInference)
    }

    // MARK: Methods

    func answer(
        _ endpoint: LocalEndpoint, _ shape: ServingProtocol, _ allow: StaticString = get
    ) -> Route {
        let wantsPost = allow.utf8Start == Self.post.utf8Start
        switch method {
        case .get, .head: return wantsPost ? wrongMethod(allow, shape) : .local(endpoint, shape)
        case .post: return wantsPost ? .local(endpoint, shape) : wrongMethod(allow, shape)
        case .options: return .local(.options(allow), shape)
        case .put, .delete, .patch, .trace, .query, .connect: return wrongMethod(allow, shape)
        }
    }

    func wrongMethod(_ allow: StaticString, _ shape: ServingProtocol) -> Route {
        if method == .options { return .local(.options(allow), shape) }
        return .local(.failure(.methodNotAllowed(allow, shape)), shape)
    }

    func notFound(_ shape: ServingProtocol) -> Route {
        let sentence = "this path is not served; try /docs, /v2, /v2/models/NAME/infer, /predict or /readyz"
        return .local(.failure(.error(404, sentence, shape)), shape)
    }
}
