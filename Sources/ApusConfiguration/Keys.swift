import ApusLog
import Logging

/// A day: longer waits are mistakes.
private let day = 86_400_000

extension Key {
    /// Every key, in the order in which people meet them.
    package static let all: [Key] = serving + perModel + http + logging

    /// The list of models has a form of its own, but is a key as the others are.
    package static let models = "models"
    package static let config = "config"

    private static let serving: [Key] = [
        Key("repository", \.repository, ValueForm.path("DIR").optional,
            "a folder whose models are all served"),
        Key("listen", \.listen, .address,
            default: "`127.0.0.1:8080`; in a container of SageMaker or Vertex AI all addresses, with "
                + "`$SAGEMAKER_BIND_TO_PORT` or `$AIP_HTTP_PORT`",
            "where to listen; port 0 picks a free one"),
        Key("proxies", \.proxies, .integerOrAuto(1...256, "N"),
            "processes that talk to clients; `auto`: from the processors and the models' speed"),
        Key("pin", \.pin, .truth,
            "keep each proxy and each worker on one processor"),
        Key("colocate", \.colocate, .choice,
            "whether a proxy shares a processor with its worker; `auto`: with models that run in microseconds, as "
                + "long as nobody else wants it"),
        runtimeDirectory,
        Key("snapshot-dir", \.snapshotDirectory, ValueForm.path("DIR").optional,
            default: "`$CACHE_DIRECTORY` or the runtime directory",
            "where the private copies are that models are loaded from"),
        Key("onnxruntime", \.onnxRuntime, ValueForm.path("FILE").optional,
            default: "beside `apus`, then the system's library path",
            "the ONNX Runtime library"),
        Key("default-model", \.defaultModel, ValueForm.name().optional,
            default: "the only model",
            "the model of requests that name none"),
        Key("reload", \.reload, .choice,
            "whether changed model files are loaded by themselves"),
        Key("probation", \.probationMilliseconds, .milliseconds(0...day),
            "how long a new model may be rolled back from, when its workers crash"),
        Key("load-timeout", \.loadTimeoutMilliseconds, .milliseconds(1...day),
            "how long a model may take to load, its self-test included"),
        Key("model-control", \.modelControl, .truth,
            "clients may load and unload models"),
        Key("allow-schema-change", \.allowSchemaChange, .truth,
            "a new version may change its schema so that clients of the serving one cannot go on"),
        Key("predict-route", \.predictRoute, ValueForm.route.optional,
            default: "`$AIP_PREDICT_ROUTE`",
            "one more path that takes Vertex AI's requests (`instances`) for the default model"),
        Key("health-route", \.healthRoute, ValueForm.route.optional,
            default: "`$AIP_HEALTH_ROUTE`",
            "one more path that says whether the server is ready"),
        Key("server-name", \.serverName, .name(),
            "the name in the server's metadata"),
        Key("drain-timeout", \.drainTimeoutMilliseconds, .milliseconds(0...day),
            "how long requests may take to finish when the server stops"),
        Key("quarantine", \.quarantineMilliseconds, .milliseconds(0...day),
            "how long a request over which two workers died is refused with 422; 0: not at all"),
    ]

    /// Where the processes' sockets are; `status` and `reload` need it too.
    package static let runtimeDirectory = Key(
        "runtime-dir", \.runtimeDirectory, ValueForm.path("DIR").optional,
        default: "`$RUNTIME_DIRECTORY`, `$XDG_RUNTIME_DIR/apus-PID` or `/tmp/apus-UID-PID`",
        "a private folder for the sockets of this server")

    private static let perModel: [Key] = [
        Key(perModel: "versions", \.versions, .versions,
            "which version folders are served"),
        Key(perModel: "labels", \.labels, .labels, default: "",
            "names for versions, as in `/v1/models/M/labels/NAME`"),
        Key(perModel: "workers", \.workers, .integerOrAuto(1...1024, "N"),
            default: "the number of processors",
            "processes that run the model; `auto`: from the processors and the model's speed"),
        Key(perModel: "max-batch", \.maxBatchRows, .integer(1...65_536, "ROWS", of: "rows"),
            "the most rows in one run of the model"),
        Key(perModel: "max-delay", \.maxDelayMilliseconds, .milliseconds(0...60_000),
            "how long a request may wait, from its arrival, for others to share its run"),
        Key(perModel: "max-run-time", \.maxRunMilliseconds, .milliseconds(1...day),
            "what a run may take before it gets fewer rows, for the sake of those who come after it"),
        Key(perModel: "batching", \.batching, .choice,
            "whether requests share runs; `auto`: when a self-test gives the same answers"),
        Key(perModel: "timeout", \.timeoutMilliseconds, .milliseconds(1...day),
            "the longest time from a request's arrival to its answer"),
        Key(perModel: "queue", \.queueCapacity, .integer(1...1_000_000, "N", of: "requests"),
            "requests that may wait, in each proxy; more are refused with 503"),
        Key(perModel: "max-body", \.maxBodyByteCount, .byteCount(1...(2 << 30) - 1),
            "the longest request body, also after decompression; more are refused with 413"),
        Key(perModel: "max-worker-memory", \.maxWorkerByteCount,
            ValueForm.byteCount((1 << 20)...(1 << 40)).optional,
            default: "no limit",
            "a worker that alone holds more memory is replaced by a new one, without losing a request"),
        Key(perModel: "max-worker-requests", \.maxWorkerRequests,
            ValueForm.integer(1...1_000_000_000, "N", of: "requests").optional,
            default: "no limit",
            "about so many requests are answered by a worker before it is replaced"),
        Key(perModel: "nonfinite", \.nonfinite, .choice,
            "NaN and infinities in JSON answers; `auto`: `token` on `/v1`, `null` elsewhere"),
        Key(perModel: "out-of-range", \.outOfRange, .choice,
            "numbers outside of the range that the schema names, which are counted"),
    ]

    private static let http: [Key] = [
        Key("max-connections", \.maxConnections, ValueForm.integer(1...1_000_000, "N").optional,
            default: "what the limit on open files allows",
            "connections that each proxy keeps open"),
        Key("max-head-bytes", \.maxHeadByteCount, .byteCount(1024...(1 << 20)),
            "the longest header section; more is refused with 431"),
        Key("max-fields", \.maxFields, .integer(8...1000, "N", of: "fields"),
            "the most header fields; more are refused with 431"),
        Key("first-byte-timeout", \.firstByteTimeoutMilliseconds, .milliseconds(1...day),
            "how long a new connection may be silent"),
        Key("header-timeout", \.headerTimeoutMilliseconds, .milliseconds(1...day),
            "the longest time from a request's first byte to the end of its header section"),
        Key("body-grace", \.bodyGraceMilliseconds, .milliseconds(0...day),
            "how long a body may come more slowly than `min-body-rate`"),
        Key("min-body-rate", \.minBodyBytesPerSecond, .byteCount(1...(1 << 30)),
            "bytes per second that a body must bring on average"),
        Key("write-timeout", \.writeTimeoutMilliseconds, .milliseconds(1...day),
            "how long a client may take no byte of its answer"),
        Key("idle-timeout", \.idleTimeoutMilliseconds, .milliseconds(1...day),
            "how long a connection stays open between requests"),
    ]

    private static let logging: [Key] = [
        Key("log-format", \.logFormat, .choice, "how events are written to standard error"),
        Key("log-level", \.logLevel, .choice, "the least level that is written"),
        Key("access-log", \.accessLog, .truth, "write a line for each request"),
    ]
}
