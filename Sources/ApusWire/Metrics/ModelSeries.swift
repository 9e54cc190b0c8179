/// One proxy's counters for one version of a model. Get it once from `ProxyMetrics` and keep it:
/// recording through it searches no name and allocates nothing.
package final class ModelSeries {
    private let region: MetricsRegion
    /// The offset of the model's block; the parent of what is made for it.
    private let parent: Int
    private let values: SharedWords
    private let other: OverflowSeries
    private var requests = SeriesTable()
    private var batches = SeriesTable()

    init(_ region: MetricsRegion, model: SeriesBlock, other: OverflowSeries) {
        self.region = region
        self.other = other
        parent = model.offset
        values = model.values
    }

    /// Counts one request that has been answered.
    package func record(_ request: borrowing RequestMeasurement) {
        requestCounter(request.servingProtocol, request.status).add(1, at: 0)
        values.add(request.requestByteCount, at: ModelField.requestBytes)
        values.add(request.responseByteCount, at: ModelField.responseBytes)
        observe(request.totalNanoseconds, at: ModelField.total)
        if let queue = request.queueNanoseconds { observe(queue, at: ModelField.queue) }
        guard 200...299 ~= request.status else {
            values.add(1, at: ModelField.failures)
            values.add(request.totalNanoseconds, at: ModelField.failureTime)
            return
        }
        recordInference(request)
    }

    /// Counts the run of a request that its worker answered too late: it has been answered, and counted, already.
    package func recordLate(_ request: borrowing RequestMeasurement) {
        if 200...299 ~= request.status { recordRun(request) }
    }

    /// Counts a request that was given to a second worker because the first one died.
    package func recordRetry() { values.add(1, at: ModelField.retries) }

    /// Says how many requests wait for this model in this proxy now.
    package func setQueueLength(_ count: Int) {
        values.store(UInt64(max(0, count)), at: ModelField.queueLength)
    }

    /// Says how many requests of this proxy its workers have now.
    package func setInFlight(_ count: Int) {
        values.store(UInt64(max(0, count)), at: ModelField.inFlight)
    }

    private func recordInference(_ request: borrowing RequestMeasurement) {
        values.add(1, at: ModelField.successes)
        values.add(request.totalNanoseconds, at: ModelField.successTime)
        values.add(request.queueNanoseconds ?? 0, at: ModelField.successQueueTime)
        values.add(UInt64(request.requestRowCount), at: ModelField.rows)
        values.store(request.unixMilliseconds, at: ModelField.lastInference)
        observe(request.batchNanoseconds, at: ModelField.batchWait)
        observe(request.decodeNanoseconds, at: ModelField.decode)
        observe(request.computeNanoseconds, at: ModelField.compute)
        observe(request.encodeNanoseconds, at: ModelField.encode)
        recordRun(request)
    }

    private func recordRun(_ request: borrowing RequestMeasurement) {
        if request.isFirstOfRun {
            let rows = UInt64(request.runRowCount)
            values.add(1, at: ModelField.batchRows + RowBuckets.index(rows))
            values.add(rows, at: ModelField.batchRows + RowBuckets.count)
        }
        let batch = batchCounters(max(1, request.runRowCount))
        batch.add(request.decodeNanoseconds, at: BatchField.decodeTime)
        batch.add(request.encodeNanoseconds, at: BatchField.encodeTime)
        if request.isFirstOfRun {
            batch.add(1, at: BatchField.runs)
            batch.add(request.computeNanoseconds, at: BatchField.computeTime)
        }
    }

    /// Adds to the histogram that begins at word `histogram`.
    @inline(__always)
    private func observe(_ nanoseconds: UInt64, at histogram: Int) {
        values.add(1, at: histogram + DurationBuckets.index(nanoseconds))
        values.add(nanoseconds, at: histogram + DurationBuckets.count)
    }

    @inline(__always)
    private func requestCounter(_ servingProtocol: ServingProtocol, _ status: Int) -> SharedWords {
        let key = RequestKey(servingProtocol, status: status)
        return requests.find(key.bits + 1) ?? makeRequestCounter(key)
    }

    @inline(never)
    private func makeRequestCounter(_ key: RequestKey) -> SharedWords {
        guard !requests.isFull else { return other.requests }
        let made =
            region.block(.request, key: key.blockKey(parent: parent))?.values ?? other.requests
        requests.insert(key.bits + 1, made)
        return made
    }

    @inline(__always)
    private func batchCounters(_ rowCount: UInt32) -> SharedWords {
        batches.find(rowCount) ?? makeBatchCounters(rowCount)
    }

    @inline(never)
    private func makeBatchCounters(_ rowCount: UInt32) -> SharedWords {
        guard !batches.isFull else { return other.batches }
        let key = UInt64(parent) | UInt64(rowCount) << 32
        let made = region.block(.batch, key: key)?.values ?? other.batches
        batches.insert(rowCount, made)
        return made
    }
}

/// What tells the request counters of one model apart.
struct RequestKey: Hashable {
    /// The status in the low 16 bits, then the protocol: 24 bits in all.
    let bits: UInt32

    /// The counter of all requests that can have none of their own.
    static let other = RequestKey(bits: 0)

    init(_ servingProtocol: ServingProtocol, status: Int) {
        bits = UInt32(UInt16(truncatingIfNeeded: status)) | UInt32(servingProtocol.rawValue) << 16
    }

    /// What a `request` block's key says besides its parent.
    init(blockKey: UInt64) { bits = UInt32(truncatingIfNeeded: blockKey >> 32) & 0xFF_FFFF }

    private init(bits: UInt32) { self.bits = bits }

    func blockKey(parent: Int) -> UInt64 { UInt64(parent) | UInt64(bits) << 32 }

    /// 0 for the counter of all others.
    var status: Int { Int(bits & 0xFFFF) }

    /// Nil for a number that is no protocol: only a corrupt region has it.
    var servingProtocol: ServingProtocol? { ServingProtocol(rawValue: UInt8(bits >> 16)) }
}
