/// What tells the counters of features apart, in the order of models, versions, features.
struct FeatureKey: Hashable, Comparable {
    let model: ModelKey
    let feature: String

    /// Of a `feature` block; nil when its name is none: only a corrupt region has that.
    init?(_ block: SeriesBlock) {
        let parts = block.name.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        model = ModelKey(
            name: String(decoding: parts[0], as: UTF8.self), version: Int(Int64(bitPattern: block.key)))
        feature = String(decoding: parts[1], as: UTF8.self)
    }

    static func blockName(model: String, feature: String) -> String { "\(model)\0\(feature)" }

    static func < (left: FeatureKey, right: FeatureKey) -> Bool {
        left.model == right.model ? left.feature < right.feature : left.model < right.model
    }
}
