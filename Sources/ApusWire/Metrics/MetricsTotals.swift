/// The sums over all regions at one moment: what `/metrics` and the statistics show.
///
/// Each word is read once and whole. Words that belong together are read one after the other while
/// their writers go on, so sums of the same moment may differ by the requests in between; none goes
/// backwards. Nothing that a region holds can do more than make the sums wrong.
package struct MetricsTotals {
    /// By `ProcessField`.
    private(set) var process = [UInt64](repeating: 0, count: ProcessField.count)
    /// By `SupervisorField`.
    private(set) var supervisor = [UInt64](repeating: 0, count: SupervisorField.count)
    /// Requests that are no inference on a known model.
    private(set) var requests: [RequestKey: UInt64] = [:]
    /// By status; 0 are all that have no counter of their own.
    private(set) var parseErrors: [UInt64: UInt64] = [:]
    /// In the order of names, then of versions.
    private(set) var models: [ModelTotals] = []
    /// Where in `models` each one is.
    private var places: [ModelKey: Int] = [:]
    /// By `PoolField`, in the same order.
    private(set) var pools: [(key: ModelKey, values: [UInt64])] = []

    /// Values outside of their features' ranges.
    private(set) var outOfRange: [FeatureKey: UInt64] = [:]

    package init(_ memory: MetricsMemory) { self.init(memory.regions) }

    init(_ regions: [MetricsRegion]) {
        var models: [ModelKey: ModelTotals] = [:]
        var pools: [ModelKey: [UInt64]] = [:]
        for region in regions { add(region, models: &models, pools: &pools) }
        let other = ModelKey(name: OverflowSeries.name, version: 0)
        if models[other]?.isZero == true { models[other] = nil }
        if pools[other]?.allSatisfy({ $0 == 0 }) == true { pools[other] = nil }
        self.models = models.values.sorted { $0.key < $1.key }
        places = Dictionary(uniqueKeysWithValues: self.models.enumerated().map { ($1.key, $0) })
        self.pools = pools.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The sums of one version of a model; nil when no proxy has met it.
    func model(_ key: ModelKey) -> ModelTotals? { places[key].map { models[$0] } }

    private mutating func add(
        _ region: MetricsRegion, models: inout [ModelKey: ModelTotals],
        pools: inout [ModelKey: [UInt64]]
    ) {
        var keys: [Int: ModelKey] = [:]
        for block in region.blocks {
            switch block.kind {
            case .process: add(block, to: &process)
            case .supervisor: add(block, to: &supervisor)
            case .parseError: parseErrors[block.key, default: 0] &+= block.values.load(0)
            case .pool:
                add(
                    block,
                    to: &pools[
                        ModelKey(block), default: [UInt64](repeating: 0, count: PoolField.count)])
            case .model:
                let key = ModelKey(block)
                keys[block.offset] = key
                models[key, default: ModelTotals(key)].add(model: block)
            case .feature:
                if let key = FeatureKey(block) { outOfRange[key, default: 0] &+= block.values.load(0) }
            case .request where block.parent == 0:
                requests[RequestKey(blockKey: block.key), default: 0] &+= block.values.load(0)
            case .request:
                // A model's block is before those of its parts; without one the region is corrupt.
                if let key = keys[block.parent] { models[key]?.add(request: block) }
            case .batch:
                if let key = keys[block.parent] { models[key]?.add(batch: block) }
            }
        }
    }

    private func add(_ block: SeriesBlock, to sums: inout [UInt64]) {
        for index in sums.indices { sums[index] &+= block.values.load(index) }
    }
}

extension SeriesBlock {
    /// The offset of the `model` block that a `request` or `batch` block belongs to; 0 for none.
    fileprivate var parent: Int { Int(UInt32(truncatingIfNeeded: key)) }
}
