/// A family of series that shows one field of the totals.
struct MetricFamily {
    enum Kind { case counter, gauge, histogram }

    let name: StaticString
    let type: Kind
    /// The word, or a histogram's first word, by the enum of fields that the list is for.
    let field: Int
    let help: StaticString

    init(_ name: StaticString, _ type: Kind, _ field: Int, _ help: StaticString) {
        self.name = name
        self.type = type
        self.field = field
        self.help = help
    }
}

extension MetricFamily.Kind {
    /// As the text format spells it.
    var text: StaticString {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}

extension MetricFamily {
    /// Of `ModelField`, in nanoseconds.
    static let durations = [
        MetricFamily(
            "apus_request_duration_seconds", .histogram, ModelField.total,
            "From the end of a request's head to its answer."),
        MetricFamily(
            "apus_queue_duration_seconds", .histogram, ModelField.queue,
            "Wait of requests for a worker to have room."),
        MetricFamily(
            "apus_batch_wait_duration_seconds", .histogram, ModelField.batchWait,
            "Wait in the worker for the run."),
        MetricFamily(
            "apus_decode_duration_seconds", .histogram, ModelField.decode,
            "From a request's body to tensors."),
        MetricFamily(
            "apus_compute_duration_seconds", .histogram, ModelField.compute,
            "The run that a request was part of."),
        MetricFamily(
            "apus_encode_duration_seconds", .histogram, ModelField.encode,
            "From tensors to an answer's body."),
    ]

    /// Of `ModelField`.
    static let batchRows = MetricFamily(
        "apus_batch_rows", .histogram, ModelField.batchRows, "Rows of a run.")

    /// Of `ModelField`.
    static let models = [
        MetricFamily("apus_rows_total", .counter, ModelField.rows, "Rows answered."),
        MetricFamily(
            "apus_request_bytes_total", .counter, ModelField.requestBytes,
            "Bytes of request bodies."),
        MetricFamily(
            "apus_response_bytes_total", .counter, ModelField.responseBytes,
            "Bytes of answers' bodies."),
        MetricFamily(
            "apus_request_retries_total", .counter, ModelField.retries,
            "Requests given to another worker."),
        MetricFamily(
            "apus_queue_length", .gauge, ModelField.queueLength, "Requests that wait now."),
        MetricFamily(
            "apus_in_flight_requests", .gauge, ModelField.inFlight,
            "Requests that workers have now."),
    ]

    /// Of `ProcessField`.
    static let processes = [
        MetricFamily(
            "apus_connections_open", .gauge, ProcessField.openConnections,
            "Clients' connections open now."),
        MetricFamily(
            "apus_connections_total", .counter, ProcessField.acceptedConnections,
            "Connections accepted."),
        MetricFamily(
            "apus_received_bytes_total", .counter, ProcessField.receivedBytes,
            "Bytes read from clients."),
        MetricFamily(
            "apus_sent_bytes_total", .counter, ProcessField.sentBytes, "Bytes written to clients."),
        MetricFamily(
            "apus_http_continues_total", .counter, ProcessField.continues,
            "Interim 100 Continue answers."),
    ]

    /// Of `PoolField`.
    static let pools = [
        MetricFamily(
            "apus_worker_restarts_total", .counter, PoolField.workerRestarts,
            "Workers forked in place of one that ended."),
        MetricFamily(
            "apus_template_restarts_total", .counter, PoolField.templateRestarts,
            "Templates started in place of one that ended."),
        MetricFamily(
            "apus_model_reloads_total", .counter, PoolField.reloads, "New generations that took over."),
        MetricFamily(
            "apus_model_reload_refusals_total", .counter, PoolField.reloadRefusals,
            "New generations that were refused."),
        MetricFamily(
            "apus_model_rollbacks_total", .counter, PoolField.rollbacks,
            "Generations that crashed soon and gave their place back."),
        MetricFamily(
            "apus_model_info", .gauge, PoolField.isServed, "1 for each model version served."),
        MetricFamily(
            "apus_model_ready", .gauge, PoolField.isReady, "1 when the version can answer."),
    ]

    /// Of `SupervisorField`.
    static let supervisor = [
        MetricFamily("apus_proxies", .gauge, SupervisorField.proxies, "Proxies that run now."),
        MetricFamily(
            "apus_proxy_restarts_total", .counter, SupervisorField.proxyRestarts,
            "Proxies started in place of one that ended."),
    ]
}
