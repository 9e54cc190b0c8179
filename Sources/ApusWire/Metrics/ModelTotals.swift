/// What tells model versions apart, in the order of names, then of versions.
struct ModelKey: Hashable, Comparable {
    let name: String
    let version: Int

    init(name: String, version: Int) {
        self.name = name
        self.version = version
    }

    /// Of a block that has a name and the version as its key.
    init(_ block: SeriesBlock) {
        self.init(
            name: String(decoding: block.name, as: UTF8.self),
            version: Int(Int64(bitPattern: block.key)))
    }

    static func < (left: ModelKey, right: ModelKey) -> Bool {
        left.name == right.name ? left.version < right.version : left.name < right.name
    }
}

/// The sums of one version of a model.
struct ModelTotals {
    let key: ModelKey
    /// By `ModelField`.
    private(set) var values = [UInt64](repeating: 0, count: ModelField.count)
    private(set) var requests: [RequestKey: UInt64] = [:]
    /// By `BatchField`, for each number of rows that a run had; 0 are all sizes that have no place.
    private(set) var batches: [UInt32: [UInt64]] = [:]

    init(_ key: ModelKey) { self.key = key }

    /// Whether nothing was ever counted.
    var isZero: Bool { values.allSatisfy { $0 == 0 } && requests.values.allSatisfy { $0 == 0 } }

    /// How many values the histogram that begins at word `histogram` has.
    func count(_ histogram: Int, buckets: Int) -> UInt64 {
        values[histogram..<histogram + buckets].reduce(0, &+)
    }

    mutating func add(model block: SeriesBlock) {
        for index in values.indices {
            let value = block.values.load(index)
            values[index] =
                index == ModelField.lastInference
                ? max(values[index], value) : values[index] &+ value
        }
    }

    mutating func add(request block: SeriesBlock) {
        requests[RequestKey(blockKey: block.key), default: 0] &+= block.values.load(0)
    }

    mutating func add(batch block: SeriesBlock) {
        let rowCount = UInt32(truncatingIfNeeded: block.key >> 32)
        for index in 0..<BatchField.count {
            batches[rowCount, default: [UInt64](repeating: 0, count: BatchField.count)][index] &+=
                block.values.load(index)
        }
    }
}
