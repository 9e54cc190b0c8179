import Histogram

/// Durations in nanoseconds, three significant digits, from 1 µs to an hour.
package typealias LatencyHistogram = Histogram<UInt64>

extension Histogram where Count == UInt64 {
    package static let longest: UInt64 = 3_600_000_000_000

    package static func latency() -> LatencyHistogram {
        LatencyHistogram(
            lowestDiscernibleValue: 1024, highestTrackableValue: longest,
            numberOfSignificantValueDigits: .three)
    }

    /// The mean; 0 when nothing was recorded.
    package var meanOrZero: Double { totalCount == 0 ? 0 : mean }

    /// The value at a percentile; 0 when nothing was recorded.
    package func at(_ percentile: Double) -> UInt64 {
        totalCount == 0 ? 0 : valueAtPercentile(percentile)
    }
}
