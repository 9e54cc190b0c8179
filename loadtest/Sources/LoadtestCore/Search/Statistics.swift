/// Mean and spread of a few numbers.
package struct Statistics: Equatable, Sendable {
    package let count: Int
    package let mean: Double
    /// Of the sample, with n - 1; 0 for fewer than two.
    package let deviation: Double

    package init(_ values: [Double]) {
        count = values.count
        let mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        self.mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    }

    /// The middle one, or the mean of the two in the middle; 0 for none.
    package static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    package var standardError: Double { count > 1 ? deviation / Double(count).squareRoot() : 0 }

    /// Half of the 95 % confidence interval of the mean (Student's t); 0 for fewer than two values.
    package var confidenceHalfWidth: Double { standardError * Statistics.t(freedom: count - 1) }

    /// Student's t for 95 %, two-sided.
    package static func t(freedom: Int) -> Double {
        let table = [
            12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
            2.160,
            2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060,
            2.056,
            2.052, 2.048, 2.045, 2.042,
        ]
        guard freedom > 0 else { return 0 }
        return freedom <= table.count ? table[freedom - 1] : 1.96 + 2.4 / Double(freedom)
    }
}

/// Where a latency curve turns upward.
package enum Knee {
    /// The point farthest below the chord from the first to the last point, both axes scaled to 0...1
    /// (Satopää et al., "Finding a 'Kneedle' in a Haystack", 2011). Nil for fewer than four rates, or when
    /// nothing turns.
    package static func find(_ points: [(rate: Double, latency: Double)]) -> Double? {
        var byRate: [Double: [Double]] = [:]
        for point in points where point.latency > 0 {
            byRate[point.rate, default: []].append(point.latency)
        }
        let curve = byRate.map { (rate: $0.key, latency: Statistics($0.value).mean) }
            .sorted { $0.rate < $1.rate }
        guard curve.count >= 4, let first = curve.first, let last = curve.last,
            last.latency > first.latency * 1.5
        else { return nil }
        var best = (distance: 0.0, rate: 0.0)
        for point in curve.dropFirst().dropLast() {
            let x = (point.rate - first.rate) / (last.rate - first.rate)
            let y = (point.latency - first.latency) / (last.latency - first.latency)
            if x - y > best.distance { best = (x - y, point.rate) }
        }
        return best.distance > 0.05 ? best.rate : nil
    }
}
