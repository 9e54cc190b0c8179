import ApusWire
import Glibc

/// The answers that a proxy makes itself, from what the supervisor told it and from the shared metrics.
extension ProxyProcess {
    /// - Parameter body: the request's body, at most `ClientConnection.localBodyByteLimit` bytes.
    func reply(to endpoint: LocalEndpoint, body: [UInt8]) -> Reply {
        switch endpoint {
        case .root: .json { $0.member("status", "alive") }
        case .ping: health(ready: "{\"status\":\"Healthy\"}\n", notReady: "{\"status\":\"Unhealthy\"}\n", .json)
        case .health: health(ready: "ok\n", notReady: "not ready\n", .text)
        case .version: Reply(status: 200, contentType: .text, body: Array(ApusVersion.text.utf8))
        case .live, .openInferenceLive: .json { $0.member("live", true) }
        case .ready: readiness
        case .openInferenceReady: openInferenceReadiness
        case .metrics: Reply(status: 200, contentType: .prometheus, body: metricsText())
        case .openAPI:
            Reply(
                status: 200,
                body: OpenAPIDocument(
                    catalog: catalog, defaultModel: settings.defaultModel, title: settings.serverName
                ).bytes)
        case .page: Reply(status: 200, contentType: .html, body: PackageResources.docs_html)
        case .serverMetadata: serverMetadata
        case .modelNames:
            .json { json in
                json.key("models")
                json.array(catalog.entries) { $0.string($1.name) }
            }
        case .tensorFlowStatus(let entry, let versions, let model): tensorFlowStatus(entry, versions, ready: model)
        case .tensorFlowMetadata(let model): tensorFlowMetadata(model)
        case .modelReady(let model): modelReadiness(model)
        case .modelMetadata(let entry, let model): metadata(entry, model)
        case .modelConfig(let model): document(model) { $0.config }
        case .statistics(let model): Reply(status: 200, body: statistics(of: model))
        case .repositoryIndex: repositoryIndex(body)
        case .repositoryChange:
            refusalOfModelChange(body) ?? .error(500, "a change of models is not answered here", .openInference)
        case .logSettings: logSettings(body)
        case .traceSettings: traceSettings(body)
        case .options(let allow): Reply(status: 204, allow: allow)
        case .failure(let reply): reply
        }
    }

    // MARK: Health

    /// Every model that is wanted can be asked.
    var isReady: Bool { hasRoutes && !isDraining && catalog.models.allSatisfy(\.isReady) }

    /// Readiness as others' clients know it.
    private func health(ready: String, notReady: String, _ type: ContentType) -> Reply {
        var reply = Reply(
            status: isReady ? 200 : 503, contentType: type, body: Array((isReady ? ready : notReady).utf8))
        if !isReady { reply.retryAfter = 1 }
        return reply
    }

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

    /// - Parameter body: empty, or `{"ready": true}` (Triton, "Model repository extension").
    private func repositoryIndex(_ body: [UInt8]) -> Reply {
        var onlyReady = false
        do throws(InferenceError) {
            if let ready = try settings(in: body)?["ready"] {
                guard case .bool(let flag) = ready else {
                    throw .malformed("member 'ready' is not true or false")
                }
                onlyReady = flag
            }
        } catch {
            return .error(error, .openInference)
        }
        var json = JSONWriter()
        let routes = catalog.models.map(\.route) + catalog.unloaded
        json.array(routes.filter { !onlyReady || $0.state == .ready }) { json, route in
            json.object { json in
                json.member("name", route.name)
                json.member("version", "\(route.version)")
                json.member("state", route.state.label)
                json.member("reason", route.reason)
            }
        }
        return Reply(status: 200, body: json.bytes)
    }

    // MARK: Settings

    /// The object that `body` is; nil when there is no body.
    func settings(in body: [UInt8]) throws(InferenceError) -> JSONValue? {
        guard !body.isEmpty else { return nil }
        let value: JSONValue
        do throws(JSONError) { value = try JSONReader.read(body) } catch {
            throw .malformed("\(error)")
        }
        guard case .object = value else { throw .malformed("the body is not a JSON object") }
        return value
    }

    /// GET tells, POST changes how much is logged, in all proxies and the supervisor (Triton, "Logging extension").
    private func logSettings(_ body: [UInt8]) -> Reply {
        do throws(InferenceError) {
            if let wanted = try settings(in: body) {
                logLevelChosen(try LogSettings(level: log.logLevel).changed(by: wanted).level)
            }
        } catch {
            return .error(error, .openInference)
        }
        return .json { LogSettings(level: log.logLevel).write(to: &$0) }
    }

    /// Requests are not traced: what Triton's own server says when tracing is off.
    private func traceSettings(_ body: [UInt8]) -> Reply {
        guard body.isEmpty else {
            return .error(400, "tracing is not supported by this server; its settings cannot be changed", .openInference)
        }
        return .json { json in
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
        case .unavailable, .unloaded: "UNAVAILABLE"
        case .unloading: "UNLOADING"
        }
    }
}
