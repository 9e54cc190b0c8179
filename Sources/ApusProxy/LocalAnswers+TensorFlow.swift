import ApusWire

/// Documents of `/v1/models/M…`.
extension ProxyProcess {
    /// TensorFlow Serving's `GetModelStatusResponse` as JSON.
    ///
    /// On the path without a version it is merged with KServe's V1 readiness, which its client reads from the same
    /// path: two more members, `name` and `ready`, and 503 while the model is not ready. The paths with `/versions/V`
    /// and `/labels/L`, which KServe does not have, carry TensorFlow Serving's object and nothing else, so that a
    /// strict reader of its protos takes them.
    func tensorFlowStatus(
        _ entry: ModelCatalog.Entry, _ versions: [ServedModel], ready model: ServedModel?
    ) -> Reply {
        let isReady = model?.isReady ?? true
        var reply = Reply.json(isReady ? 200 : 503) { json in
            if model != nil {
                json.member("name", entry.name)
                json.member("ready", isReady)
            }
            json.key("model_version_status")
            json.array(versions) { json, model in
                json.object { json in
                    json.member("version", "\(model.route.version)")
                    json.member("state", model.route.state.tensorFlowLabel)
                    json.key("status")
                    json.object { json in
                        let isFailed = model.route.state == .unavailable
                        json.member("error_code", isFailed ? "UNAVAILABLE" : "OK")
                        json.member("error_message", isFailed ? model.route.reason : "")
                    }
                }
            }
        }
        if !isReady { reply.retryAfter = 1 }
        return reply
    }

    func tensorFlowMetadata(_ model: ServedModel) -> Reply {
        guard let description = model.route.description else {
            let sentence = "Servable not found for request: Specific(\(model.route.name), \(model.route.version)): "
                + "it is not loaded"
            return .error(503, sentence, .tensorFlowServing)
        }
        return Reply(status: 200, body: description.tensorFlowMetadata)
    }
}

extension ModelRoute.State {
    /// Its name in TensorFlow Serving's `ModelVersionStatus.State` (apis/get_model_status.proto).
    fileprivate var tensorFlowLabel: String {
        switch self {
        case .loading: "LOADING"
        case .ready: "AVAILABLE"
        case .unavailable, .unloaded: "END"
        case .unloading: "UNLOADING"
        }
    }
}
