/// The histogram buckets of all durations: 1, 2.5 and 5 of each power of ten, from 25 µs to 30 s.
///
/// Neighbours are at least a factor of two apart, so there is at most one bound among the numbers
/// of one bit length. A number's bit length therefore gives its bucket but for one comparison.
enum DurationBuckets {
    /// The upper bounds (inclusive) in nanoseconds; the last bucket has none.
    static let bounds: InlineArray<20, UInt64> = [
        25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
        100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
        5_000_000_000, 10_000_000_000, 30_000_000_000, UInt64.max,
    ]
    static let count = 20

    /// By bit length (0 … 64): how many bounds are below every number of that length.
    private static let below: InlineArray<65, UInt8> = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        15, 16, 17, 18, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
        19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19, 19,
        19,
    ]

    /// The bucket that a duration belongs to.
    @inline(__always)
    static func index(_ nanoseconds: UInt64) -> Int {
        let first = Int(below[64 - nanoseconds.leadingZeroBitCount])
        return nanoseconds > bounds[first] ? first + 1 : first
    }
}

/// The histogram buckets of the number of rows of a run: the powers of two up to 4096.
enum RowBuckets {
    /// Thirteen bounded buckets and one without a bound.
    static let count = 14

    /// The upper bound of a bucket, inclusive; nil for the last one.
    static func bound(_ index: Int) -> UInt64? { index < count - 1 ? 1 << UInt64(index) : nil }

    /// The bucket that a run of that many rows belongs to. A run of no rows counts as one of one
    /// row.
    @inline(__always)
    static func index(_ rowCount: UInt64) -> Int {
        let below = rowCount == 0 ? 0 : rowCount - 1
        return min(64 - below.leadingZeroBitCount, count - 1)
    }
}
