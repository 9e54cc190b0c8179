/// What the server answers whatever its models are.
extension OpenAPIDocument {
    static let serverPaths: [(path: String, operations: [OpenAPIOperation])] = [
        ("/", [server("alive", "Whether the server is there", "Alive")]),
        ("/ping", [health("ping", "Healthy", failing: "Healthy")]),
        ("/health", [text("health", "Whether every model can be asked (LitServe)", failures: [503])]),
        ("/version", [text("version", "The server's version (MLflow)")]),
        ("/v1/models", [server("v1/models", "Names of the models (KServe)", "ModelNames")]),
        ("/livez", [server("livez", "Whether the server runs", "Live")]),
        ("/readyz", [readiness("readyz")]),
        ("/healthz", [readiness("healthz")]),
        ("/metrics", [metrics("metrics")]),
        ("/monitoring/prometheus/metrics", [metrics("prometheus")]),
        ("/openapi.json", [server("openapi", "This document", "Document")]),
        ("/docs", [page]),
        ("/v2", [server("v2", "Name, version and extensions", "ServerMetadata")]),
        ("/v2/health/live", [server("v2/live", "Whether the server runs", "Live")]),
        ("/v2/health/ready", [openInferenceReadiness]),
        ("/v2/models", [server("v2/models", "Names of the models", "ModelNames")]),
        ("/v2/models/stats", [server("v2/stats", "Counts and times of all models", "Statistics")]),
        ("/v2/repository/index", [index]),
        (
            "/v2/logging",
            [
                server("v2/logging", "How much is logged", "LogSettings"),
                setting("v2/logging/set", "Change how much is logged", body: "LogChange", answer: "LogSettings"),
            ]
        ),
        (
            "/v2/trace/setting",
            [
                server("v2/trace", "How much is traced: nothing", "TraceSettings"),
                OpenAPIOperation(
                    method: "post", id: "v2/trace/set", tag: "server", summary: "The same; settings are refused",
                    answer: .json("TraceSettings")),
            ]
        ),
    ]

    private static func server(_ id: String, _ summary: String, _ schema: String) -> OpenAPIOperation {
        OpenAPIOperation(id: id, tag: "server", summary: summary, answer: .json(schema))
    }

    private static func readiness(_ id: String) -> OpenAPIOperation {
        OpenAPIOperation(
            id: id, tag: "server", summary: "Whether every model can be asked", answer: .json("Readiness"),
            notReady: "Readiness")
    }

    /// Readiness as TorchServe's, MLflow's and SageMaker's clients ask for it.
    private static func health(_ id: String, _ schema: String, failing: String) -> OpenAPIOperation {
        OpenAPIOperation(
            id: id, tag: "server", summary: "Whether every model can be asked (TorchServe, MLflow, SageMaker)",
            answer: .json(schema), notReady: failing)
    }

    private static func text(_ id: String, _ summary: String, failures: [Int] = []) -> OpenAPIOperation {
        OpenAPIOperation(id: id, tag: "server", summary: summary, answer: .text, failures: failures)
    }

    private static let openInferenceReadiness = OpenAPIOperation(
        id: "v2/ready", tag: "server", summary: "Whether every model can be asked", answer: .json("Ready"),
        notReady: "Ready")

    private static func metrics(_ id: String) -> OpenAPIOperation {
        OpenAPIOperation(id: id, tag: "server", summary: "Prometheus metrics", answer: .text)
    }

    private static let page = OpenAPIOperation(
        id: "docs", tag: "server", summary: "A page to try the models", answer: .page)

    private static let index = setting(
        "v2/repository/index", "Models with their states", body: "IndexRequest", answer: "RepositoryIndex")

    private static func setting(
        _ id: String, _ summary: String, body: String, answer: String
    ) -> OpenAPIOperation {
        OpenAPIOperation(
            method: "post", id: id, tag: "server", summary: summary, body: body, answer: .json(answer))
    }
}
