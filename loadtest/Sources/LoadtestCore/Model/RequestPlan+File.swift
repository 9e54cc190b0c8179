extension RequestPlan {
    /// Requests from a file of JSON lines. A line is either a body, sent as it stands to `path`, or a
    /// record of a payload log: an object with `path` or `request`, and maybe `method`, `headers` (the body's length
    /// is told afresh), and the `response` that was given, which becomes the expected answer.
    package init(
        file: String, path: String, format: RequestFormat?, model: ModelInfo?, wire: Wire
    ) throws(UsageError) {
        requests = []
        expectations = []
        title = "requests of \(file)"
        let lines = try TextFile.bytes(file).split(separator: 10, omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() where line.contains(where: { $0 > 32 }) {
            let json: JSON
            do {
                json = try JSON.parse(Array(line))
            } catch {
                throw UsageError("\(file), line \(number + 1) is not JSON: \(error)")
            }
            if json["path"] != nil || json["request"] != nil {
                try add(record: json, line: number + 1, file, path, wire)
            } else {
                requests.append(
                    RequestSet.Prepared(
                        bytes: wire.request("POST", path, body: Array(line))))
                expectations.append(ModelRule.Expectation(model: model, format: format))
            }
        }
        guard !requests.isEmpty else { throw UsageError("\(file) has no requests") }
    }

    private mutating func add(
        record: JSON, line: Int, _ file: String, _ path: String, _ wire: Wire
    ) throws(UsageError) {
        let body = record["request"] ?? record["body"]
        let bytes: [UInt8] =
            switch body {
            case nil, .null?: []
            case .string(let text)?: Array(text.utf8)
            case .some(let value): Array(value.text.utf8)
            }
        let method = record["method"]?.string ?? (bytes.isEmpty ? "GET" : "POST")
        let target = record["path"]?.string ?? path
        guard target.hasPrefix("/") else {
            throw UsageError("\(file), line \(line): the path \"\(target)\" does not begin with /")
        }
        let headers = (record["headers"]?.members ?? []).compactMap { member in
            member.value.string.map { "\(member.name): \($0)" }
        }.filter { !RequestPlan.Wire.isFraming($0) }
        requests.append(
            RequestSet.Prepared(
                bytes: wire.request(method, target, body: bytes, headers: headers)))
        var golden = record["response"]
        if case .string(let text)? = golden { golden = try? JSON.parse(text) }
        expectations.append(ModelRule.Expectation(golden: golden))
    }
}
