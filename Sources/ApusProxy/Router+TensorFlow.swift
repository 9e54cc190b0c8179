import ApusWire

/// `/v1/models…`: TensorFlow Serving's REST API (http_rest_api_handler.cc), and KServe's V1.
extension Router {
    private static let shape = ServingProtocol.tensorFlowServing

    func tensorFlow(_ second: PathSegment?, _ segments: inout PathSegments) throws(HTTPParseError) -> Route {
        guard let second, second == "models" else { return notFound(Self.shape) }
        guard let name = try segments.next(), !(name == "") else { return answer(.modelNames, Self.shape) }
        if let (name, verb) = name.splitLast(UInt8(ascii: ":")) {
            guard try segments.next() == nil else { return notFound(Self.shape) }
            return run(verb, name, .newest)
        }
        guard let kind = try segments.next() else { return status(name) }
        if kind == "metadata" {
            guard try segments.next() == nil else { return notFound(Self.shape) }
            return metadata(name, .newest)
        }
        guard kind == "versions" || kind == "labels", let chosen = try segments.next() else {
            return notFound(Self.shape)
        }
        return try chose(name, chosen, kind == "labels" ? VersionChoice.label : VersionChoice.number, &segments)
    }

    /// Behind `/versions/` or `/labels/`.
    private func chose(
        _ name: PathSegment, _ chosen: PathSegment, _ choice: (PathSegment) -> VersionChoice,
        _ segments: inout PathSegments
    ) throws(HTTPParseError) -> Route {
        let last = try segments.next()
        guard try segments.next() == nil else { return notFound(Self.shape) }
        if let (chosen, verb) = chosen.splitLast(UInt8(ascii: ":")) {
            guard last == nil else { return notFound(Self.shape) }
            return run(verb, name, choice(chosen))
        }
        if let last {
            guard last == "metadata" else { return notFound(Self.shape) }
            return metadata(name, choice(chosen))
        }
        switch catalog.find(name, choice(chosen)) {
        case .success(let (entry, model)):
            return answer(.tensorFlowStatus(entry, [model], ready: nil), Self.shape)
        case .failure(let error): return refusal(error)
        }
    }

    private func run(
        _ verb: PathSegment, _ name: PathSegment, _ choice: VersionChoice
    ) -> Route {
        let endpoint: Endpoint
        if verb == "predict" {
            endpoint = .tensorFlowPredict
        } else if verb == "classify" {
            endpoint = .tensorFlowClassify
        } else if verb == "regress" {
            endpoint = .tensorFlowRegress
        } else {
            return notFound(Self.shape)
        }
        guard method == .post else { return wrongMethod(Self.post, Self.shape) }
        switch catalog.find(name, choice) {
        case .success(let (_, model)):
            return .infer(InferenceRoute(model, endpoint, Self.shape, namesVersion: choice.namesVersion))
        case .failure(let error): return refusal(error)
        }
    }

    /// Of a path without a version: TensorFlow Serving tells all versions, KServe's client wants `ready` beside them.
    private func status(_ name: PathSegment) -> Route {
        switch catalog.find(name, .newest) {
        case .success(let (entry, model)):
            return answer(.tensorFlowStatus(entry, entry.versions, ready: model), Self.shape)
        case .failure(let error): return refusal(error)
        }
    }

    private func metadata(_ name: PathSegment, _ choice: VersionChoice) -> Route {
        switch catalog.find(name, choice) {
        case .success(let (_, model)): return answer(.tensorFlowMetadata(model), Self.shape)
        case .failure(let error): return refusal(error)
        }
    }

    /// In TensorFlow Serving's words (core/aspired_versions_manager.cc, model_servers/server_core.cc), which its
    /// clients look for.
    private func refusal(_ error: InferenceError) -> Route {
        var status = error.status
        let sentence: String
        switch error {
        case .unknownModel(let name): sentence = "Servable not found for request: Latest(\(name))"
        case .unknownVersion(let name, let version):
            sentence = "Servable not found for request: Specific(\(name), \(version))"
        case .unknownLabel(_, let label):
            status = 400
            sentence = "Unrecognized servable version label: \(label)"
        default: sentence = error.description
        }
        return .local(.failure(.error(status, sentence, Self.shape)), Self.shape)
    }
}
