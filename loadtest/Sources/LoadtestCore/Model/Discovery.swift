/// Finds out which model a URL means and what it takes.
package struct Discovery {
    /// What the URL's path says by itself.
    package struct Hint: Equatable {
        /// What stands before the protocol's own paths; for servers behind a prefix.
        package var prefix = ""
        package var model: String?
        package var version: String?
        package var format: RequestFormat?
        /// The path is an ordinary one: nothing about models.
        package var isPlain = false
    }

    private let client: Client
    private let prefix: String

    package init(_ endpoint: Endpoint, prefix: String) {
        client = Client(endpoint)
        self.prefix = prefix
    }

    // MARK: The path

    /// Reads `…/v2/models/M[/versions/V][/infer]`, `…/v1/models/M[/versions/V][:predict]`,
    /// `…/models/M[/versions/V]/predict`, `…/predict`, `…/invocations`.
    package static func hint(path: String) -> Hint {
        var hint = Hint()
        let trimmed = path.split(separator: "?").first.map(String.init) ?? path
        var parts = trimmed.split(separator: "/").map(String.init)
        if parts.isEmpty { return hint }
        if let last = parts.last, last == "predict" || last == "infer" || last == "invocations" {
            hint.format = last == "predict" ? .predict : last == "infer" ? .v2 : .mlflow
            parts.removeLast()
        }
        if let models = parts.lastIndex(of: "models"), models + 1 < parts.count {
            takeModel(parts[(models + 1)...], &hint)
            parts.removeSubrange(models...)
        }
        if let last = parts.last, last == "v1" || last == "v2" {
            if hint.format == nil { hint.format = last == "v2" ? .v2 : .tfsRows }
            parts.removeLast()
        }
        hint.isPlain = hint.format == nil && hint.model == nil
        hint.prefix = parts.isEmpty || hint.isPlain ? "" : "/" + parts.joined(separator: "/")
        return hint
    }

    private static func takeModel(_ parts: ArraySlice<String>, _ hint: inout Hint) {
        var parts = parts.map { $0 }
        if let colon = parts[parts.count - 1].firstIndex(of: ":") {
            parts[parts.count - 1] = String(parts[parts.count - 1][..<colon])
        }
        hint.model = Percent.decode(parts[0])
        if parts.count >= 3, parts[1] == "versions" { hint.version = parts[2] }
    }

    // MARK: The server

    /// The models to ask. Empty when the server knows nothing about models.
    /// - Parameter names: nil asks the server for its models, and takes the one it has.
    /// - Throws: for a server that does not answer, is not HTTP, or does not know a named model.
    package func models(
        _ names: [String]?, version: String?
    ) throws(UsageError) -> [ModelInfo] {
        if let names {
            var models: [ModelInfo] = []
            for name in names {
                guard let model = try describe(name, version) else { throw try unknown(name) }
                models.append(model)
            }
            return models
        }
        let known = try list()
        if known.count > 1 {
            throw UsageError(
                "the server has the models \(known.joined(separator: ", ")); choose with --model NAME"
            )
        }
        if let only = known.first, let model = try describe(only, version) { return [model] }
        if let document = try get("/openapi.json")?.json,
            let model = ModelInfo(openAPI: document, name: nil)
        {
            return [model]
        }
        return []
    }

    private func unknown(_ name: String) throws(UsageError) -> UsageError {
        let known = try list()
        let rest = known.isEmpty ? "" : "; it has \(known.joined(separator: ", "))"
        return UsageError("the server does not know the model \"\(name)\"\(rest)")
    }

    /// The server's ready models, by the V2 repository index or KServe's list.
    package func list() throws(UsageError) -> [String] {
        if let index = try post("/v2/repository/index")?.json?.array {
            return index.filter { ($0["state"]?.string ?? "READY") == "READY" }
                .compactMap { $0["name"]?.string }
                .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        for path in ["/v2/models", "/v1/models"] {
            if let names = try get(path)?.json?["models"]?.array?.compactMap(\.string),
                !names.isEmpty
            {
                return names
            }
        }
        return []
    }

    private func describe(_ name: String, _ version: String?) throws(UsageError) -> ModelInfo? {
        let path = Percent.encode(name) + (version.map { "/versions/\($0)" } ?? "")
        if let json = try get("/v2/models/\(path)")?.json,
            let model = ModelInfo(openInference: json, version: version)
        {
            return model
        }
        if let json = try get("/v1/models/\(path)/metadata")?.json,
            let model = ModelInfo(tensorFlow: json, name: name, version: version)
        {
            return model
        }
        guard let document = try get("/openapi.json")?.json else { return nil }
        return ModelInfo(openAPI: document, name: name)
    }

    private func get(_ path: String) throws(UsageError) -> Client.Answer? {
        do throws(Client.Failure) {
            let answer = try client.get(prefix + path)
            return answer.status == 200 ? answer : nil
        } catch {
            throw error.usageError(client.endpoint)
        }
    }

    private func post(_ path: String) throws(UsageError) -> Client.Answer? {
        do throws(Client.Failure) {
            let answer = try client.post(prefix + path, body: [])
            return answer.status == 200 ? answer : nil
        } catch {
            throw error.usageError(client.endpoint)
        }
    }
}

extension Client.Failure {
    /// The sentence for a server that cannot be measured at all.
    package func usageError(_ endpoint: Endpoint) -> UsageError {
        let name =
            switch endpoint.address {
            case .tcp: endpoint.authority
            case .unix(let path): path
            }
        switch self {
        case .cannotConnect(let reason): return UsageError("cannot connect to \(name): \(reason)")
        case .noAnswer(let reason): return UsageError("\(name) does not answer: \(reason)")
        case .notHTTP: return UsageError("\(name) answers, but not in HTTP/1.1")
        }
    }
}
