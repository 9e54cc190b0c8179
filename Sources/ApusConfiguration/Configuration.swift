import ApusLog
import ApusModel
import Logging

/// Everything a server was told, from flags, variables, the file and the defaults, checked.
///
/// The defaults stand here; what a key is called, what it may be and what it means stand in
/// `Key.all`.
package struct Configuration: Equatable, Sendable {
    package var models: [ModelEntry] = []
    /// What holds for every model that does not say otherwise, those of the repository included.
    package var modelDefaults = ModelSettings()
    package var repository: String?
    package var defaultModel: String?
    package var modelControl = false
    package var allowSchemaChange = false
    package var reload = ReloadMode.auto
    package var probationMilliseconds = 30_000
    /// More paths to the default model's prediction and to the server's health; empty for none.
    package var predictRoute: String?
    package var healthRoute: String?

    package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    /// Nil: found out when the models are loaded.
    package var proxies: Int? = 1
    /// Each proxy and each worker stays on one processor.
    package var pin = false
    package var colocate = ColocationMode.auto
    package var runtimeDirectory: String?
    package var snapshotDirectory: String?
    package var onnxRuntime: String?
    package var serverName = "apus"

    package var maxConnections: Int?
    package var maxHeadByteCount = 16 * 1024
    package var maxFields = 100
    package var firstByteTimeoutMilliseconds = 10_000
    package var headerTimeoutMilliseconds = 10_000
    package var bodyGraceMilliseconds = 5_000
    package var minBodyBytesPerSecond = 1024
    package var writeTimeoutMilliseconds = 30_000
    package var idleTimeoutMilliseconds = 75_000
    package var drainTimeoutMilliseconds = 30_000
    package var loadTimeoutMilliseconds = 600_000
    package var quarantineMilliseconds = 60_000

    package var logFormat = LogFormat.text
    package var logLevel = Logger.Level.info
    package var accessLog = false

    package init() {}
}

/// One model that was asked for by name or path.
package struct ModelEntry: Equatable, Sendable {
    /// As it was given; a path from a file is relative to the folder of that file.
    package var reference: ModelReference
    /// In full: what the entry does not say is taken from `Configuration.modelDefaults`.
    package var settings: ModelSettings

    package init(_ reference: ModelReference, settings: ModelSettings = ModelSettings()) {
        self.reference = reference
        self.settings = settings
    }
}

/// What can differ from model to model.
package struct ModelSettings: Equatable, Sendable {
    package var versions = VersionPolicy.latest(1)
    package var labels = VersionLabels()
    /// Nil: found out when the model is loaded.
    package var workers: Int? = Processors.numbers.count
    package var maxBatchRows = 256
    package var maxDelayMilliseconds = 0
    package var maxRunMilliseconds = 100
    package var timeoutMilliseconds = 30_000
    package var queueCapacity = 1024
    package var maxBodyByteCount = 64 * 1024 * 1024
    package var maxWorkerByteCount: Int?
    package var maxWorkerRequests: Int?
    package var batching = Batching.auto
    package var nonfinite = Nonfinite.auto
    package var outOfRange = OutOfRange.warn

    package init() {}
}

/// What it takes for changed model files to be loaded.
package enum ReloadMode: String, CaseIterable, Sendable {
    /// The files are watched.
    case auto
    /// SIGHUP, `apus reload` or a client's request.
    case manual
}

/// Whether a proxy and the worker that it prefers are kept on one processor.
package enum ColocationMode: String, CaseIterable, Sendable {
    /// Where that pays.
    case auto
    /// The system places them.
    case off
}

/// Whether requests share a run of the model.
package enum Batching: String, CaseIterable, Sendable {
    /// When the self-test has shown that rows alone and rows together give the same answers.
    case auto
    /// Always; the self-test's doubt is logged.
    case on
    /// Never.
    case off
}

/// What becomes of a request with a number outside of the range that `schema.yaml` names. It is counted in any case.
package enum OutOfRange: String, CaseIterable, Sendable {
    case allow
    /// Allowed, and logged.
    case warn
    /// 400.
    case reject
}

/// How a NaN or an infinity is written in a JSON answer, which has no number for it.
package enum Nonfinite: String, CaseIterable, Sendable {
    /// As each protocol's own servers do: `token` on `/v1`, `null` elsewhere.
    case auto
    case null
    /// `NaN`, `Infinity`, `-Infinity`.
    case token
    /// The request fails.
    case error
}
