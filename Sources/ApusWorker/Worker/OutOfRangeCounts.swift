import ApusWire
import Logging

/// Counts of values outside of their features' ranges, gathered until it is time to tell the supervisor.
struct OutOfRangeCounts {
    private var counts: [UInt64] = []
    private var toldAt: UInt64 = 0
    private(set) var isEmpty = true

    /// - Parameter new: one for each feature of the model.
    mutating func add(_ new: [UInt64], _ model: WorkerModel) {
        if counts.isEmpty { counts = Array(repeating: 0, count: new.count) }
        for (index, count) in new.enumerated() where count > 0 {
            if model.settings.outOfRange == .warn, counts[index] == 0 {
                model.log.warning(
                    "values are out of range",
                    metadata: ["feature": "\(model.schema.features[index].name)", "count": "\(count)"])
            }
            counts[index] += count
            isEmpty = false
        }
    }

    /// - Returns: what was gathered, when the last time is long enough ago; nil when not, or there is nothing.
    mutating func takeDue(at now: UInt64, names: @autoclosure () -> [String]) -> [FeatureCount]? {
        guard !isEmpty, now &- toldAt >= UInt64(Limits.reportNanoseconds) else { return nil }
        defer {
            for index in counts.indices { counts[index] = 0 }
            isEmpty = true
            toldAt = now
        }
        let names = names()
        return counts.indices.filter { counts[$0] > 0 }.map {
            FeatureCount(feature: names[$0], count: counts[$0])
        }
    }
}
