/// Where a proxy counts what can have no series of its own, because its region is full or a series
/// has too many. Made before all others, so that they always have room.
struct OverflowSeries {
    /// The name of the model that stands for the rest.
    static let name = "other"

    let model: SeriesBlock
    let requests: SharedWords
    /// In no statistics: "runs of other sizes" is nothing that a client could use. They are in the
    /// totals.
    let batches: SharedWords
    let parseErrors: SharedWords

    /// Nil when the region has no room even for these.
    init?(_ region: MetricsRegion) {
        guard let model = region.block(.model, name: Self.name),
            let requests = region.block(
                .request, key: RequestKey.other.blockKey(parent: model.offset)),
            let batches = region.block(.batch, key: UInt64(model.offset)),
            let parseErrors = region.block(.parseError)
        else { return nil }
        self.model = model
        self.requests = requests.values
        self.batches = batches.values
        self.parseErrors = parseErrors.values
    }
}
