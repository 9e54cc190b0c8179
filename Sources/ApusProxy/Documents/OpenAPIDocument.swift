import ApusWire

/// The OpenAPI 3.1 document of everything that this server answers, made anew for each who asks: models come and go.
///
/// Paths and statuses are known here; the schemas of a model's requests come ready-made from where it was loaded
/// (`ModelDescription.openAPI`), the server's own from `components.json` beside this file.
struct OpenAPIDocument {
    let catalog: ModelCatalog
    let defaultModel: String
    let title: String

    var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("openapi", "3.1.0")
            json.key("info")
            json.object { json in
                json.member("title", title)
                json.member("version", ApusVersion.text)
                json.member("description", "Machine-learning models over HTTP. A page to try them is at /docs.")
            }
            json.key("paths")
            json.object { writePaths(&$0) }
            json.key("components")
            json.raw(components)
        }
        return json.bytes
    }

    // MARK: Components

    /// `components.json` with the models' schemas as the last members of its last object, `schemas`.
    private var components: [UInt8] {
        var bytes = PackageResources.components_json
        // The file ends with the braces of `schemas` and of itself.
        for _ in 0..<2 {
            guard let brace = bytes.lastIndex(of: UInt8(ascii: "}")) else {
                preconditionFailure("the components are an object")
            }
            bytes.removeSubrange(brace...)
        }
        for model in catalog.models {
            guard let schemas = model.route.description?.openAPI, !schemas.isEmpty else { continue }
            bytes.append(UInt8(ascii: ","))
            bytes += schemas
        }
        return bytes + Array("}}".utf8)
    }

    // MARK: Paths of models

    private func writePaths(_ json: inout JSONWriter) {
        for (path, operations) in Self.serverPaths { write(path, operations, to: &json) }
        if let model = defaultRoute {
            write("/predict", [predict(model, id: "predict")], to: &json)
            write("/invocations", [invocations(model, id: "invocations")], to: &json)
        }
        for entry in catalog.entries {
            let name = OpenAPINames.pathSegment(name: entry.name)
            if let latest = entry.latest { writePaths(of: latest, at: name, id: entry.name, to: &json) }
            for model in entry.versions {
                let version = model.route.version
                writePaths(
                    of: model, at: "\(name)/versions/\(version)", id: "\(entry.name)/\(version)", to: &json)
            }
        }
    }

    /// The model that `/predict` leads to, see `Router`.
    private var defaultRoute: ServedModel? {
        if !defaultModel.isEmpty { return catalog.find(defaultModel)?.latest }
        return catalog.entries.count == 1 ? catalog.entries[0].latest : nil
    }

    /// - Parameters:
    ///   - place: the model's name and maybe version, as it stands in paths.
    ///   - id: what makes the operations' names differ from those of other models.
    private func writePaths(of model: ServedModel, at place: String, id: String, to json: inout JSONWriter) {
        guard model.route.description?.openAPI.isEmpty == false else { return }
        write("/models/\(place)/predict", [predict(model, id: "\(id)/predict")], to: &json)
        write("/v2/models/\(place)/infer", [infer(model, id: "\(id)/infer")], to: &json)
        writeOthers(of: model, at: place, id: id, to: &json)
        for (action, schema, summary) in [
            ("", "ModelMetadata", "Inputs and outputs"), ("/config", "ModelConfig", "Configuration"),
            ("/stats", "Statistics", "Counts and times of requests"),
        ] {
            let operation = OpenAPIOperation(
                id: "\(id)/metadata\(action)", tag: model.route.name, summary: summary, answer: .json(schema),
                failures: OpenAPIOperation.ofModel)
            write("/v2/models/\(place)\(action)", [operation], to: &json)
        }
        let ready = OpenAPIOperation(
            id: "\(id)/ready", tag: model.route.name, summary: "Whether it can be asked",
            answer: .json("ModelReady"), failures: [404], notReady: "ModelReadyOrError")
        write("/v2/models/\(place)/ready", [ready], to: &json)
    }

    private func predict(_ model: ServedModel, id: String) -> OpenAPIOperation {
        let prefix = OpenAPINames.schemaPrefix(name: model.route.name, version: model.route.version)
        return OpenAPIOperation(
            method: "post", id: id, tag: model.route.name, summary: "Ask with one object of features, or several",
            body: prefix + "PredictRequest", answer: .json(prefix + "PredictResponse"),
            failures: OpenAPIOperation.ofRun)
    }

    private func infer(_ model: ServedModel, id: String) -> OpenAPIOperation {
        let prefix = OpenAPINames.schemaPrefix(name: model.route.name, version: model.route.version)
        return OpenAPIOperation(
            method: "post", id: id, tag: model.route.name, summary: "Ask with tensors (Open Inference Protocol)",
            body: prefix + "InferRequest", answer: .tensors(prefix + "InferResponse"),
            failures: OpenAPIOperation.ofRun)
    }

    func write(_ path: String, _ operations: [OpenAPIOperation], to json: inout JSONWriter) {
        json.key(path)
        json.object { json in for operation in operations { operation.write(to: &json) } }
    }
}
