import ApusWire
import Glibc

/// The answers that a proxy makes itself, from what the supervisor told it and from the shared metrics.
extension ProxyProcess {
    /// - Parameter body: the request's body, at most `ClientConnection.localBodyByteLimit` bytes.
    func reply(to endpoint: LocalEndpoint, body: [UInt8]) -> Reply {
        switch endpoint {
        case .root: .json { $0.member("status", "alive") }
        case .live, .openInferenceLive: .json { $0.member("live", true) }
        case .ready: readiness
        case .openInferenceReady: openInferenceReadiness
        case .metrics: Reply(status: 200, contentType: .prometheus, body: metricsText())
        case .serverMetadata: serverMetadata
        case .modelNames:
            .json { json in
                json.key("models")
                json.array(catalog.entries) { $0.string($1.name) }
            }
        case .modelReady(let model): modelReadiness(model)
        case .modelMetadata(let entry, let model): metadata(entry, model)
        case .modelConfig(let model): document(model) { $0.config }
        case .statistics(let model): Reply(status: 200, body: statistics(of: model))
        case .repositoryIndex: repositoryIndex(onlyReady: RepositoryIndexRequest.wantsReady(body))
        case .repositoryChange:
            .error(400, "loading and unloading by request is not enabled on this server", .openInference)
        case .logSettings: logSettings
        case .traceSettings: traceSettings
        case .options(let allow): Reply(status: 204, allow: allow)
        case .failure(let reply): reply
        }
    }

    // MARK: Health

    /// Every model that is wanted can be asked.
    var isReady: Bool { hasRoutes && !isDraining && catalog.models.allSatisfy(\.isReady) }

    private var readiness: Reply {
        var reply = Reply.json(isReady ? 200 : 503) { json in
            json.member("ready", isReady)
            json.member("live", true)
            json.key("models")
            json.array(catalog.models) { json, model in
                json.object { json in
                    json.member("name", model.route.name)
                    json.member("version", "\(model.route.version)")
                    json.member("ready", model.isReady)
                }
            }
        }
        if !isReady { reply.retryAfter = 1 }
        return reply
    }

    /// Both keys: the protocol's text says "live" where it means "ready".
    private var openInferenceReadiness: Reply {
        var reply = Reply.json(isReady ? 200 : 503) { json in
            json.member("ready", isReady)
            json.member("live", true)
        }
        if !isReady { reply.retryAfter = 1 }
        return reply
    }

    private func modelReadiness(_ model: ServedModel) -> Reply {
        var reply = Reply.json(model.isReady ? 200 : 503) { json in
            json.member("name", model.route.name)
            json.member("ready", model.isReady)
        }
        if !model.isReady { reply.retryAfter = 1 }
        return reply
    }

    // MARK: Documents

    private var serverMetadata: Reply {
        .json { json in
            json.member("name", settings.serverName)
            json.member("version", ApusVersion.text)
            json.key("extensions")
            json.array(
                [
                    "classification", "model_repository", "schedule_policy", "model_configuration",
                    "binary_tensor_data", "parameters", "statistics", "logging",
                ]
            ) { $0.string($1) }
        }
    }

    private func metadata(_ entry: ModelCatalog.Entry, _ model: ServedModel) -> Reply {
        document(model) { description in
            var versions = JSONWriter()
            versions.array(entry.versions.reversed()) { $0.string("\($1.route.version)") }
            return description.metadataPrefix + versions.bytes + description.metadataSuffix
        }
    }

    private func document(_ model: ServedModel, _ make: (ModelDescription) -> [UInt8]) -> Reply {
        guard let description = model.route.description else {
            let sentence = "Request for unknown model: '\(model.route.name)' version "
                + "\(model.route.version) is not at ready state"
            return .error(503, sentence, .openInference)
        }
        return Reply(status: 200, body: make(description))
    }

    private func repositoryIndex(onlyReady: Bool) -> Reply {
        var json = JSONWriter()
        json.array(catalog.models.filter { !onlyReady || $0.route.state == .ready }) { json, model in
            json.object { json in
                json.member("name", model.route.name)
                json.member("version", "\(model.route.version)")
                json.member("state", model.route.state.label)
                json.member("reason", model.route.reason)
            }
        }
        return Reply(status: 200, body: json.bytes)
    }

    // MARK: Settings

    private var logSettings: Reply {
        .json { json in
            json.member("log_file", "")
            json.member("log_info", log.logLevel <= .info)
            json.member("log_warning", log.logLevel <= .warning)
            json.member("log_error", log.logLevel <= .error)
            json.member("log_verbose_level", log.logLevel <= .debug ? 1 : 0)
            json.member("log_format", "default")
        }
    }

    /// Requests are not traced: what Triton's own server says when tracing is off.
    private var traceSettings: Reply {
        .json { json in
            json.key("trace_level")
            json.array(["OFF"]) { $0.string($1) }
            for (name, value) in [
                ("trace_rate", "1000"), ("trace_count", "-1"), ("log_frequency", "0"),
                ("trace_file", ""), ("trace_mode", "triton"),
            ] { json.member(name, value) }
        }
    }
}

extension ModelRoute.State {
    /// As the V2 repository index names it.
    var label: String {
        switch self {
        case .loading: "LOADING"
        case .ready: "READY"
        case .unavailable: "UNAVAILABLE"
        case .unloading: "UNLOADING"
        }
    }
}

/// The body of POST /v2/repository/index: empty, or `{"ready": true}` (Triton, "Model repository extension").
enum RepositoryIndexRequest {
    /// Whether only models that are ready are asked for. A body that is no such object asks for all.
    static func wantsReady(_ body: [UInt8]) -> Bool {
        let dense = body.filter { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        return String(decoding: dense, as: UTF8.self).contains("\"ready\":true")
    }
}
