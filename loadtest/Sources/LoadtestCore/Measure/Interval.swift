/// A second or so of a run.
package struct Interval: Sendable {
    /// Nanoseconds of `Loop.nanoseconds`' clock.
    package var start: UInt64
    package var end: UInt64
    /// Requests that came due in it.
    package var dueCount: Int
    /// Right answers that arrived in it.
    package var goodCount: Int
    package var failureCount: Int
    /// How long those answers took, and how long the requests had waited that were given up in it.
    package var histogram: SparseHistogram
    /// After the reported part: nothing came due in it, and it only had answers that were still out.
    package var isDrain: Bool

    package var seconds: Double { Double(end - start) / 1e9 }
    /// Right answers per second.
    package var answeredRate: Double { seconds > 0 ? Double(goodCount) / seconds : 0 }

    package init(
        start: UInt64, end: UInt64, dueCount: Int, goodCount: Int, failureCount: Int,
        histogram: SparseHistogram, isDrain: Bool = false
    ) {
        self.start = start
        self.end = end
        self.dueCount = dueCount
        self.goodCount = goodCount
        self.failureCount = failureCount
        self.histogram = histogram
        self.isDrain = isDrain
    }
}

/// A histogram's filled cells only, so that many of them fit into memory.
package struct SparseHistogram: Sendable {
    /// Ascending values with their counts.
    package private(set) var cells: [(value: UInt64, count: UInt64)] = []
    package private(set) var totalCount: UInt64 = 0
    package private(set) var longest: UInt64 = 0

    package init(_ histogram: LatencyHistogram) {
        guard histogram.totalCount > 0 else { return }
        cells.reserveCapacity(256)
        for cell in histogram.recordedValues() { cells.append((cell.value, cell.count)) }
        totalCount = histogram.totalCount
        longest = histogram.maxRecorded
    }

    /// The value below which `percentile` of the recorded ones lie; 0 when there are none.
    package func at(_ percentile: Double) -> UInt64 {
        let wanted = max(1, UInt64((Double(totalCount) * percentile / 100).rounded(.up)))
        var seen: UInt64 = 0
        for cell in cells {
            seen += cell.count
            if seen >= wanted { return min(cell.value, longest) }
        }
        return 0
    }
}
