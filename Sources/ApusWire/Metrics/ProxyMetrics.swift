/// What one proxy counts, in its own region. One per proxy process.
package final class ProxyMetrics {
    private let region: MetricsRegion
    private let values: SharedWords
    private let other: OverflowSeries
    private var requests = SeriesTable()
    private var parseErrors = SeriesTable()
    private var openConnectionCount = 0

    /// Goes on where the proxy before this one in the slot stopped; gauges begin at zero.
    package init(_ region: MetricsRegion) {
        self.region = region
        region.open()
        guard let process = region.block(.process), let other = OverflowSeries(region) else {
            preconditionFailure("an empty region has room for the blocks that every proxy has")
        }
        values = process.values
        self.other = other
    }

    /// The counters of one version of a model; those of `other` when the region is full or the name
    /// longer than 255 bytes. Slow: keep what it returns.
    package func series(model: String, version: Int) -> ModelSeries {
        let key = UInt64(bitPattern: Int64(version))
        let block = region.block(.model, key: key, name: model) ?? other.model
        return ModelSeries(region, model: block, other: other)
    }

    /// Counts a request that is no inference on a known model: health, metadata, an unknown path or
    /// model.
    package func recordRequest(_ servingProtocol: ServingProtocol, status: Int) {
        let key = RequestKey(servingProtocol, status: status)
        let counter =
            requests.find(key.bits + 1)
            ?? add(
                .request, key: key.blockKey(parent: 0), as: key.bits + 1, to: &requests,
                or: other.requests)
        counter.add(1, at: 0)
    }

    /// Counts a request that was not HTTP as we accept it, by the status it was answered with.
    package func recordParseError(status: Int) {
        let code = UInt32(UInt16(truncatingIfNeeded: status))
        let counter =
            parseErrors.find(code + 1)
            ?? add(
                .parseError, key: UInt64(code), as: code + 1, to: &parseErrors,
                or: other.parseErrors)
        counter.add(1, at: 0)
    }

    /// Counts a connection accepted, open from now on.
    package func connectionOpened() {
        values.add(1, at: ProcessField.acceptedConnections)
        setOpenConnections(openConnectionCount + 1)
    }

    package func connectionClosed() { setOpenConnections(max(0, openConnectionCount - 1)) }

    /// Counts bytes read from clients.
    package func received(byteCount: Int) {
        values.add(UInt64(max(0, byteCount)), at: ProcessField.receivedBytes)
    }

    /// Counts bytes written to clients.
    package func sent(byteCount: Int) {
        values.add(UInt64(max(0, byteCount)), at: ProcessField.sentBytes)
    }

    /// Counts an interim `100 Continue`.
    package func continueSent() { values.add(1, at: ProcessField.continues) }

    private func setOpenConnections(_ count: Int) {
        openConnectionCount = count
        values.store(UInt64(count), at: ProcessField.openConnections)
    }

    /// The counter of a series seen for the first time by this process.
    @inline(never)
    private func add(
        _ kind: SeriesKind, key: UInt64, as tableKey: UInt32, to table: inout SeriesTable,
        or other: SharedWords
    ) -> SharedWords {
        guard !table.isFull else { return other }
        let made = region.block(kind, key: key)?.values ?? other
        table.insert(tableKey, made)
        return made
    }
}
