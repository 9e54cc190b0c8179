/// The requests of a run and what each should be answered.
package struct RequestPlan {
    package var requests: [RequestSet.Prepared]
    package var expectations: [ModelRule.Expectation]
    /// What is asked, in a few words for the report.
    package var title: String

    /// Whether any answer can be told right from wrong by more than its status.
    package var canCheck: Bool {
        expectations.contains { $0.format != nil || $0.golden != nil }
    }
}

extension RequestPlan {
    /// How requests are put on the wire.
    package struct Wire: Equatable, Sendable {
        package var authority: String
        /// Sends gzip bodies and takes gzip answers.
        package var usesGzip = false
        /// Further header fields, `Name: value`. They take the place of those of the same name that a request has by itself.
        package var headers: [String] = []

        package init(authority: String) { self.authority = authority }

        /// Those that say how long the body is: a request has them by itself.
        package static func isFraming(_ header: String) -> Bool {
            ["content-length", "transfer-encoding"].contains(name(of: header))
        }

        private static func name(of header: String) -> String {
            header.prefix { $0 != ":" }.lowercased()
        }

        /// The bytes of one request.
        /// - Parameter more: as `headers`, of this request only.
        package func request(
            _ method: String, _ path: String, body: [UInt8], contentType: String = "application/json",
            headers more: [String] = []
        ) -> [UInt8] {
            var body = body
            var own = ["Host: \(authority)"]
            if usesGzip {
                own.append("Accept-Encoding: gzip")
                if !body.isEmpty {
                    body = Gzip.deflate(body)
                    own.append("Content-Encoding: gzip")
                }
            }
            if !body.isEmpty { own.append("Content-Type: \(contentType)") }
            if !body.isEmpty || method == "POST" || method == "PUT" {
                own.append("Content-Length: \(body.count)")
            }
            let given = headers + more
            let names = Set(given.map(Self.name))
            let fields = own.filter { !names.contains(Self.name(of: $0)) } + given
            let head = "\(method) \(path) HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
            return Array(head.utf8) + body
        }
    }

    /// The same request over and over, for servers without models.
    package init(plain method: String, _ path: String, body: [UInt8], wire: Wire) {
        let path = path.isEmpty ? "/" : path
        let bytes = wire.request(method, path, body: body)
        requests = [RequestSet.Prepared(bytes: bytes)]
        expectations = [ModelRule.Expectation()]
        title = "\(method) \(path)"
    }

    /// Requests made up from the models' descriptions.
    /// - Parameters:
    ///   - rowCounts: the sizes of requests, taken in turn.
    ///   - count: how many different requests.
    package init(
        models: [ModelInfo], format: RequestFormat, prefix: String, rowCounts: [Int], count: Int,
        filling: Payload.Filling, seed: UInt64, wire: Wire
    ) throws(UsageError) {
        var random = SplitMix(seed: seed)
        let turns = models.indices.flatMap { Array(repeating: $0, count: models[$0].weight) }
        let rounds = rowCounts.count * turns.count
        let total = max(1, (count + rounds - 1) / rounds) * rounds
        requests = []
        expectations = []
        for index in 0..<total {
            let turn = turns[index % turns.count]
            let model = models[turn]
            let rows = rowCounts[index / turns.count % rowCounts.count]
            let payload = try Payload(for: model, rowCount: rows, filling: filling, &random)
            let path = format.path(prefix: prefix, model: model, isOnlyModel: models.count == 1)
            requests.append(
                RequestSet.Prepared(
                    bytes: wire.request(payload, format, path), rowCount: rows, modelIndex: turn))
            expectations.append(
                ModelRule.Expectation(
                    model: model, format: format, rowCount: payload.rowCount))
        }
        let names = models.map { $0.weight == 1 ? $0.name : "\($0.name)=\($0.weight)" }
        let rows =
            rowCounts == [1] ? "1 row" : rowCounts.map(String.init).joined(separator: ",") + " rows"
        title =
            "\(names.joined(separator: ", ")) (\(format.rawValue), \(rows) per request, by \(models[0].source.rawValue))"
    }
}

extension RequestPlan.Wire {
    func request(_ payload: Payload, _ format: RequestFormat, _ path: String) -> [UInt8] {
        let (body, headerByteCount) = payload.body(format)
        var more: [String] = []
        if let headerByteCount {
            more.append("Inference-Header-Content-Length: \(headerByteCount)")
        }
        let type = headerByteCount == nil ? "application/json" : "application/octet-stream"
        return request("POST", path, body: body, contentType: type, headers: more)
    }
}
