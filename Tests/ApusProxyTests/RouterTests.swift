import ApusWire
import Testing

@testable import ApusProxy

@Suite("Router")
struct RouterTests {
    /// A path and where it leads, in the words of `describe`.
    struct Row: CustomTestStringConvertible, Sendable {
        var method = HTTPMethod.get
        let path: String
        let route: String

        var testDescription: String { "\(method) \(path)" }

        static func get(_ path: String, _ route: String) -> Row { Row(path: path, route: route) }

        static func post(_ path: String, _ route: String) -> Row {
            Row(method: .post, path: path, route: route)
        }
    }

    static let models: [ModelRoute] = [
        .test("iris", version: 1), .test("iris", version: 3), .test("iris", version: 10, state: .loading),
        .test("stats"), .test("a b/c"), .test("größe"), .test("down", state: .unavailable),
    ]

    static func route(
        _ method: HTTPMethod, _ path: String, models: [ModelRoute] = models, defaultModel: String = ""
    ) throws -> String {
        let proxy = try IdleProxy(models)
        let router = Router(
            catalog: proxy.process.catalog, defaultModel: defaultModel, method: method)
        return try Array(path.utf8).withUnsafeBytes { describe(try router.route($0)) }
    }

    static func describe(_ route: Route) -> String {
        switch route {
        case .infer(let route): "\(route.endpoint) \(String(decoding: route.model.label, as: UTF8.self))"
        case .local(let endpoint, _): describe(endpoint)
        }
    }

    static func describe(_ endpoint: LocalEndpoint) -> String {
        switch endpoint {
        case .failure(let reply):
            "\(reply.status)\(reply.allow.map { " \($0)" } ?? "")"
        case .options(let allow): "options \(allow)"
        case .modelReady(let model): "ready \(String(decoding: model.label, as: UTF8.self))"
        case .modelMetadata(_, let model): "metadata \(String(decoding: model.label, as: UTF8.self))"
        case .tensorFlowStatus(_, let versions, let model):
            "status of \(versions.map { "\($0.route.version)" }.joined(separator: " "))"
                + (model.map { ", ready \(String(decoding: $0.label, as: UTF8.self))" } ?? "")
        case .tensorFlowMetadata(let model):
            "TensorFlow's metadata \(String(decoding: model.label, as: UTF8.self))"
        case .modelConfig(let model): "config \(String(decoding: model.label, as: UTF8.self))"
        case .statistics(let model):
            "statistics \(model.map { String(decoding: $0.label, as: UTF8.self) } ?? "of all")"
        default: "\(endpoint)"
        }
    }

    static let own: [Row] = [
        .get("/", "root"), .get("", "root"), .get("/livez", "live"), .get("/readyz", "ready"),
        .get("/healthz", "ready"), .get("/metrics", "metrics"),
        .get("/monitoring/prometheus/metrics", "metrics"),
        .get("/monitoring/prometheus", "404"), .get("/monitoring/prometheus/metrics/", "404"),
        .get("/livez/", "404"), .get("//", "404"), .get("/nothing", "404"), .get("/Livez", "404"),
        .get("/live%7A", "live"), .get("/livez%20", "404"),
        .post("/livez", "405 GET, HEAD, OPTIONS"),
        Row(method: .head, path: "/livez", route: "live"),
        Row(method: .options, path: "/livez", route: "options GET, HEAD, OPTIONS"),
        Row(method: .options, path: "*", route: "options GET, HEAD, POST, OPTIONS"),
        Row(method: .delete, path: "/livez", route: "405 GET, HEAD, OPTIONS"),
    ]

    static let openInference: [Row] = [
        .get("/v2", "serverMetadata"), .get("/v2/", "serverMetadata"), .get("/v2/x", "404"),
        .get("/v2/health/live", "openInferenceLive"), .get("/v2/health/ready", "openInferenceReady"),
        .get("/v2/health", "404"), .get("/v2/health/live/x", "404"), .get("/v2/health/well", "404"),
        .post("/v2/health/live", "405 GET, HEAD, OPTIONS"),
        .get("/v2/models", "modelNames"), .get("/v2/models/", "modelNames"),
        .get("/v2/logging", "logSettings"), .post("/v2/logging", "logSettings"),
        .get("/v2/trace/setting", "traceSettings"), .get("/v2/trace", "404"),
        .post("/v2/models/iris/trace/setting", "traceSettings"), .get("/v2/models/none/trace/setting", "404"),
        Row(method: .put, path: "/v2/logging", route: "405 GET, HEAD, POST, OPTIONS"),
        Row(method: .options, path: "/v2/logging", route: "options GET, HEAD, POST, OPTIONS"),
        .post("/v2/repository/index", "repositoryIndex"),
        .get("/v2/repository/index", "405 POST, OPTIONS"),
        .post("/v2/repository/models/iris/load", #"repositoryChange(name: "iris", loads: true)"#),
        .post("/v2/repository/models/new/unload", #"repositoryChange(name: "new", loads: false)"#),
        .post("/v2/repository/models/iris", "404"), .post("/v2/repository/models/iris/x", "404"),
        .post("/v2/repository/models/iris/load/x", "404"), .post("/v2/repository", "404"),
    ]

    static let tensorFlow: [Row] = [
        .get("/v1/models", "modelNames"), .get("/v1/models/", "modelNames"), .get("/v1", "404"), .get("/v1/x", "404"),
        .get("/v1/models/iris", "status of 10 3 1, ready iris/3"),
        .get("/v1/models/iris/versions/1", "status of 1"), .get("/v1/models/iris/versions/2", "404"),
        .get("/v1/models/iris/versions/one", "400"), .get("/v1/models/iris/versions", "404"),
        .get("/v1/models/iris/labels/new", "400"), .get("/v1/models/none", "404"),
        .get("/v1/models/iris/metadata", "TensorFlow's metadata iris/3"),
        .get("/v1/models/iris/versions/1/metadata", "TensorFlow's metadata iris/1"),
        .get("/v1/models/iris/versions/1/other", "404"), .get("/v1/models/iris/other", "404"),
        .get("/v1/models/iris/metadata/x", "404"), .get("/v1/models/iris/versions/1/metadata/x", "404"),
        .post("/v1/models/iris:predict", "tensorFlowPredict iris/3"),
        .post("/v1/models/iris:classify", "tensorFlowClassify iris/3"),
        .post("/v1/models/iris:regress", "tensorFlowRegress iris/3"),
        .post("/v1/models/a%20b%2Fc:predict", "tensorFlowPredict a b/c/1"),
        .post("/v1/models/iris/versions/1:predict", "tensorFlowPredict iris/1"),
        .post("/v1/models/iris/versions/2:predict", "404"), .post("/v1/models/iris/labels/new:predict", "400"),
        .post("/v1/models/iris:explain", "404"), .post("/v1/models/iris:predict/x", "404"),
        .post("/v1/models/iris/versions/1:predict/x", "404"), .post("/v1/models/:predict", "404"),
        .get("/v1/models/iris:predict", "405 POST, OPTIONS"), .post("/v1/models/iris", "405 GET, HEAD, OPTIONS"),
        Row(method: .options, path: "/v1/models/iris:predict", route: "options POST, OPTIONS"),
    ]

    static let ofModels: [Row] = [
        .get("/v2/models/iris", "metadata iris/3"),
        .get("/v2/models/iris/versions/1", "metadata iris/1"),
        .get("/v2/models/iris/versions/10", "metadata iris/10"),
        .get("/v2/models/iris/versions/01", "400"),
        .get("/v2/models/iris/versions/2", "404"), .get("/v2/models/iris/versions", "404"),
        .get("/v2/models/iris/versions/one", "400"), .get("/v2/models/iris/versions/-1", "400"),
        .get("/v2/models/iris/versions/99999999999999999999", "400"),
        .get("/v2/models/iris/ready", "ready iris/3"),
        .get("/v2/models/iris/versions/1/ready", "ready iris/1"),
        .get("/v2/models/iris/config", "config iris/3"),
        .get("/v2/models/iris/stats", "statistics iris/3"),
        .get("/v2/models/down", "metadata down/1"),
        .get("/v2/models/iris/", "404"), .get("/v2/models/iris/other", "404"),
        .get("/v2/models/iris/ready/x", "404"),
        .get("/v2/models/none", "404"), .get("/v2/models/Iris", "404"), .get("/v2/models/iri", "404"),
        .get("/v2/models/iris0", "404"),
        .post("/v2/models/iris/infer", "openInference iris/3"),
        .post("/v2/models/iris/versions/1/infer", "openInference iris/1"),
        .get("/v2/models/iris/infer", "405 POST, OPTIONS"),
        Row(method: .options, path: "/v2/models/iris/infer", route: "options POST, OPTIONS"),
        .post("/v2/models/iris", "405 GET, HEAD, OPTIONS"),
    ]

    static let others: [Row] = [
        .get("/ping", "ping"), .get("/health", "health"), .get("/version", "version"),
        .post("/ping", "405 GET, HEAD, OPTIONS"), .get("/invocations", "405 POST, OPTIONS"),
        .post("/invocations", "415"), .post("/invocations/x", "404"), .post("/models/none/invocations", "415"),
        .get("/models/iris/invocations", "405 POST, OPTIONS"),
        .post("/predictions/iris", "torchServe iris/3"), .post("/predictions/iris/1", "torchServe iris/1"),
        Row(method: .put, path: "/predictions/iris", route: "torchServe iris/3"),
        .post("/predictions/iris/2", "404"), .post("/predictions/none", "404"), .post("/predictions", "404"),
        .post("/predictions/iris/1/x", "404"), .get("/predictions/iris", "405 POST, PUT, OPTIONS"),
    ]

    static let names: [Row] = [
        .get("/v2/models/stats", "statistics of all"), .post("/v2/models/stats/infer", "openInference stats/1"),
        .get("/v2/models/stats/stats", "statistics stats/1"), .get("/v2/models/stats/ready", "ready stats/1"),
        .get("/v2/models/a%20b%2Fc", "metadata a b/c/1"), .get("/v2/models/a%20b%2fc/ready", "ready a b/c/1"),
        .get("/v2/models/a%20b/c", "404"), .get("/v2/models/%69ris", "metadata iris/3"),
        .get("/v2/models/gr%C3%B6%C3%9Fe", "metadata größe/1"), .get("/v2/models/gr%F6%DFe", "404"),
        .get("/%76%32/models", "modelNames"),
    ]

    static let friendly: [Row] = [
        .post("/models/iris/predict", "predict iris/3"),
        .post("/models/iris/versions/1/predict", "predict iris/1"),
        .post("/models/none/predict", "404"), .post("/models/iris/versions/x/predict", "400"),
        .post("/models/iris/versions/2/predict", "404"), .post("/models/iris/predict/x", "404"),
        .post("/models/iris", "404"), .post("/models", "404"), .post("/models/iris/versions/1", "404"),
        .get("/models/iris/predict", "405 POST, OPTIONS"), .get("/predict", "405 POST, OPTIONS"),
        .post("/predict/x", "404"),
        // Several models are served and none of them is the default.
        .post("/predict", "404"),
    ]

    @Test("a path leads where the protocols say", arguments: own + openInference + tensorFlow + others + ofModels + names + friendly)
    func routes(_ row: Row) throws {
        #expect(try Self.route(row.method, row.path) == row.route)
    }

    @Test("a broken escape is refused, wherever it stands", arguments: [
        "/%", "/v2/models/%4", "/v2/models/iris/%zz", "/v2/models/x%00y/infer", "/models/%0a/predict",
    ])
    func brokenEscapes(_ path: String) {
        #expect(throws: HTTPParseError.self) { try Self.route(.get, path) }
    }

    @Test("/predict is the only model, or the default one, or nobody")
    func predictDefault() throws {
        let one = [ModelRoute.test("one", version: 1), .test("one", version: 2)]
        #expect(try Self.route(.post, "/predict", models: one) == "predict one/2")
        #expect(try Self.route(.post, "/predict", defaultModel: "stats") == "predict stats/1")
        #expect(try Self.route(.post, "/predict", defaultModel: "none") == "404")
        #expect(try Self.route(.post, "/predict", models: []) == "404")
    }

    @Test("when several models are served, /predict names the choices")
    func choices() throws {
        let proxy = try IdleProxy([.test("one"), .test("other")])
        let router = Router(catalog: proxy.process.catalog, defaultModel: "", method: .post)
        let route = try Array("/predict".utf8).withUnsafeBytes { try router.route($0) }
        guard case .local(.failure(let reply), _) = route else {
            return #expect(Bool(false), "\(route)")
        }
        let body = String(decoding: reply.body, as: UTF8.self)
        #expect(body.contains("/models/one/predict, /models/other/predict"))
    }
}
