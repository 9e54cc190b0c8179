/// What a block of a metrics region counts. The raw value is in the region; see `MetricsRegion`.
///
///     kind         name   key, low bits first                                     values
///     process      -      0                                                       ProcessField
///     model        model  version                                                 ModelField
///     request      -      model block 32 (0: none), status 16, protocol 8         count
///     batch        -      model block 32, rows 32                                 BatchField
///     parseError   -      status                                                  count
///     supervisor   -      0                                                       SupervisorField
///     pool         model  version                                                 PoolField
///     feature      both   version                                                 count out of range
///
/// The name of a `feature` block is the model's, a zero byte, and the feature's.
///
/// "Model block" is the offset of a `model` block in the same region.
enum SeriesKind: UInt16, CaseIterable {
    case process = 1
    case model, request, batch, parseError, supervisor, pool, feature

    /// How many words follow the block's name.
    var valueCount: Int {
        switch self {
        case .process: ProcessField.count
        case .model: ModelField.count
        case .request, .parseError, .feature: 1
        case .batch: BatchField.count
        case .supervisor: SupervisorField.count
        case .pool: PoolField.count
        }
    }

    /// The words that say how things stand and not how often something happened: they end with the
    /// process that wrote them.
    var gauges: [Int] {
        switch self {
        case .process: [ProcessField.openConnections]
        case .model: [ModelField.queueLength, ModelField.inFlight]
        case .request, .batch, .parseError, .feature: []
        case .supervisor: [SupervisorField.proxies]
        case .pool:
            [PoolField.isServed, PoolField.isReady] + WorkerState.allCases.map(PoolField.workers)
        }
    }
}

/// The words of a `process` block.
enum ProcessField {
    static let acceptedConnections = 0
    static let openConnections = 1
    static let receivedBytes = 2
    static let sentBytes = 3
    static let continues = 4
    static let count = 5
}

/// The words of a `model` block. Durations are in nanoseconds.
enum ModelField {
    /// Requests answered 2xx, and their time from the end of the head to the answer.
    static let successes = 0
    static let successTime = 1
    static let failures = 2
    static let failureTime = 3
    /// The time that the successes waited in the queue.
    static let successQueueTime = 4
    static let rows = 5
    /// Unix time in milliseconds. The sum over regions is their maximum.
    static let lastInference = 6
    static let retries = 7
    static let requestBytes = 8
    static let responseBytes = 9
    static let queueLength = 10
    static let inFlight = 11
    /// Histograms: a word per bucket, then the sum of what was observed. Their count is the sum of
    /// the buckets, so that the two agree however a reader meets the writer.
    static let queue = 12
    static let batchWait = queue + durationWords
    static let decode = batchWait + durationWords
    static let compute = decode + durationWords
    static let encode = compute + durationWords
    static let total = encode + durationWords
    static let batchRows = total + durationWords
    static let count = batchRows + RowBuckets.count + 1

    private static let durationWords = DurationBuckets.count + 1
}

/// The words of a `batch` block: runs of one number of rows. Durations are in nanoseconds and over
/// whole runs.
enum BatchField {
    static let runs = 0
    static let decodeTime = 1
    static let computeTime = 2
    static let encodeTime = 3
    static let count = 4
}

/// The words of a `supervisor` block.
enum SupervisorField {
    /// Unix time in milliseconds.
    static let startedAt = 0
    static let proxies = 1
    static let proxyRestarts = 2
    static let count = 3
}

/// The words of a `pool` block: one model version as the supervisor sees it.
enum PoolField {
    /// 1 while the version is one of those served; a version that is gone keeps its counters only.
    static let isServed = 0
    static let isReady = 1
    static let workerRestarts = 2
    static let templateRestarts = 3
    /// New generations that took over, that were refused, and that gave their place back.
    static let reloads = 4
    static let reloadRefusals = 5
    static let rollbacks = 6
    static func workers(_ state: WorkerState) -> Int { 7 + Int(state.rawValue) }
    static let count = 7 + WorkerState.allCases.count
}

/// What a worker does, for `apus_workers`.
package enum WorkerState: UInt8, CaseIterable, Sendable {
    case starting, serving, draining

    /// The value of the label `state`.
    var label: StaticString {
        switch self {
        case .starting: "starting"
        case .serving: "serving"
        case .draining: "draining"
        }
    }
}

/// The protocol that a request was made in, for the label `protocol`.
package enum ServingProtocol: UInt8, CaseIterable, Sendable {
    /// Neither of the others: health, metrics, unknown paths.
    case other = 0
    case openInference, tensorFlowServing, mlflow, predict, torchServe

    /// The value of the label `protocol`.
    var label: StaticString {
        switch self {
        case .other: "other"
        case .openInference: "v2"
        case .tensorFlowServing: "v1"
        case .mlflow: "mlflow"
        case .predict: "predict"
        case .torchServe: "torchserve"
        }
    }
}
