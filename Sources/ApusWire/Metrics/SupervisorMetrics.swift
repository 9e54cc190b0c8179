/// What the supervisor counts, in its own region.
package final class SupervisorMetrics {
    private let region: MetricsRegion
    private let values: SharedWords
    private let otherPool: SeriesBlock

    /// - Parameter startedAt: Unix time in milliseconds.
    package init(_ region: MetricsRegion, startedAt: UInt64) {
        self.region = region
        region.open()
        guard let supervisor = region.block(.supervisor),
            let pool = region.block(.pool, name: OverflowSeries.name)
        else {
            preconditionFailure("an empty region has room for the blocks that every supervisor has")
        }
        values = supervisor.values
        otherPool = pool
        values.store(startedAt, at: SupervisorField.startedAt)
    }

    /// Says how many proxies run now.
    package func setProxies(_ count: Int) {
        values.store(UInt64(max(0, count)), at: SupervisorField.proxies)
    }

    /// Counts a proxy that was started in place of one that ended.
    package func proxyRestarted() { values.add(1, at: SupervisorField.proxyRestarts) }

    /// Counts values of a feature that were outside of its range. Nothing is counted when the region is full, or for
    /// a name too long for it.
    package func outOfRange(_ count: UInt64, feature: String, model: String, version: Int) {
        let key = UInt64(bitPattern: Int64(version))
        region.block(.feature, key: key, name: FeatureKey.blockName(model: model, feature: feature))?
            .values.add(count, at: 0)
    }

    /// The counters of one version of a model; those of `other` when the region is full. Keep it.
    package func pool(model: String, version: Int) -> PoolSeries {
        let key = UInt64(bitPattern: Int64(version))
        return PoolSeries((region.block(.pool, key: key, name: model) ?? otherPool).values)
    }
}

/// The supervisor's counters for one version of a model.
package struct PoolSeries {
    private let values: SharedWords

    init(_ values: SharedWords) { self.values = values }

    /// Says whether the version is one of those served, and whether it can answer.
    package func set(isServed: Bool, isReady: Bool) {
        values.store(isServed ? 1 : 0, at: PoolField.isServed)
        values.store(isReady ? 1 : 0, at: PoolField.isReady)
    }

    /// Says how many workers are in that state now.
    package func setWorkers(_ state: WorkerState, _ count: Int) {
        values.store(UInt64(max(0, count)), at: PoolField.workers(state))
    }

    /// Counts a worker that was forked in place of one that ended.
    package func workerRestarted() { values.add(1, at: PoolField.workerRestarts) }

    /// Counts a new generation that took over.
    package func reloaded() { values.add(1, at: PoolField.reloads) }

    /// Counts a new generation that was refused.
    package func reloadRefused() { values.add(1, at: PoolField.reloadRefusals) }

    /// Counts a generation whose workers crashed, so that the one before it serves again.
    package func rolledBack() { values.add(1, at: PoolField.rollbacks) }

    /// Counts a template that was started in place of one that ended.
    package func templateRestarted() { values.add(1, at: PoolField.templateRestarts) }
}
