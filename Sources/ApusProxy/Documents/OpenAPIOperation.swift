import ApusWire

/// One method of one path, as the OpenAPI document tells it.
struct OpenAPIOperation {
    /// What a success carries.
    enum Answer {
        /// JSON of the schema with that key.
        case json(String)
        /// The same, or with binary tensors behind it.
        case tensors(String)
        case text, page
    }

    var method = "get"
    var id: String
    var tag: String
    var summary: String
    /// The key of the body's schema.
    var body: String?
    var answer: Answer
    /// Statuses of errors beside those that every request may get.
    var failures: [Int] = []
    /// Whose errors it answers with.
    var shape = ErrorShape.openInference
    /// A media type that the body may have beside JSON.
    var alternative: String?
    /// For health: the key of the schema that 503 answers with.
    var notReady: String?

    /// What a request may get before its path is looked at (`HTTPParseError`, timeouts), or for its method.
    static let alwaysPossible = [400, 405, 408, 413, 414, 417, 431, 501, 505]
    /// What a request for a model may get as well.
    static let ofModel = [404, 503]
    /// What a request for a model's run may get as well.
    static let ofRun = [404, 415, 500, 503, 504]

    func write(to json: inout JSONWriter) {
        json.key(method)
        json.object { json in
            json.member("operationId", id)
            json.key("tags")
            json.array([tag]) { $0.string($1) }
            json.member("summary", summary)
            writeBody(&json)
            json.key("responses")
            json.object { json in
                writeSuccess(&json)
                for status in (Self.alwaysPossible + failures).sorted() {
                    json.key("\(status)")
                    json.reference("responses", "\(shape.responsePrefix)\(status)")
                }
                writeNotReady(&json)
            }
        }
    }

    /// No parameter of the operation, as it belongs to one of its media types.
    private static let binaryTensors = "JSON, or JSON with binary tensors behind it: then the field "
        + "Inference-Header-Content-Length says how many bytes of JSON there are; 0 means that the body is the only "
        + "input's tensor."

    private var takesTensors: Bool { if case .tensors = answer { true } else { false } }

    private func writeBody(_ json: inout JSONWriter) {
        guard let body else { return }
        json.key("requestBody")
        json.object { json in
            if takesTensors { json.member("description", Self.binaryTensors) }
            if failures == Self.ofRun { json.member("required", true) }
            json.key("content")
            json.object { json in
                json.content("application/json", schema: body)
                if takesTensors { json.content("application/octet-stream") }
                if let alternative { json.content(alternative) }
            }
        }
    }

    private func writeSuccess(_ json: inout JSONWriter) {
        json.key("200")
        json.object { json in
            json.member("description", "Success.")
            json.key("headers")
            json.object { json in
                let isRun = failures == Self.ofRun
                for name in ["x-request-id"] + (isRun ? ["x-apus-model", "server-timing"] : []) {
                    json.key(name)
                    json.reference("headers", name)
                }
            }
            json.key("content")
            json.object { json in
                switch answer {
                case .json(let key): json.content("application/json", schema: key)
                case .tensors(let key):
                    json.content("application/json", schema: key)
                    json.content("application/octet-stream")
                case .text: json.content("text/plain")
                case .page: json.content("text/html")
                }
            }
        }
    }

    private func writeNotReady(_ json: inout JSONWriter) {
        guard let notReady else { return }
        json.key("503")
        json.object { json in
            json.member("description", "Not ready; try again later.")
            json.key("content")
            json.object { $0.content("application/json", schema: notReady) }
        }
    }
}

extension ErrorShape {
    /// What begins the keys of its responses in the components.
    var responsePrefix: StaticString {
        switch self {
        case .openInference, .tensorFlowServing: ""
        case .mlflow: "mlflow-"
        case .torchServe: "torchserve-"
        }
    }
}

extension JSONWriter {
    /// `{"$ref": …}` to a component.
    mutating func reference(_ kind: String, _ key: String) {
        object { $0.member("$ref", "#/components/\(kind)/\(key)") }
    }

    /// A media type; anything goes when there is no schema.
    fileprivate mutating func content(_ mediaType: String, schema: String? = nil) {
        key(mediaType)
        object { json in
            guard let schema else { return }
            json.key("schema")
            json.reference("schemas", schema)
        }
    }
}
