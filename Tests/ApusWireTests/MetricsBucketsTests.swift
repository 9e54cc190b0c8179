import Testing

@testable import ApusWire

@Suite("Metrics buckets")
struct MetricsBucketsTests {
    @Test("a duration is in the first bucket whose bound it does not exceed")
    func durations() {
        let bounds = (0..<DurationBuckets.count).map { DurationBuckets.bounds[$0] }
        let powers = (0..<64).map { UInt64(1) << UInt64($0) }
        let interesting = (bounds + powers).flatMap { [$0 &- 1, $0, $0 &+ 1] }
        for nanoseconds in interesting {
            let wanted = bounds.firstIndex { nanoseconds <= $0 }
            #expect(DurationBuckets.index(nanoseconds) == wanted, "\(nanoseconds) ns")
        }
    }

    @Test("no two bounds have the same bit length, which the search stands on")
    func oneBoundPerBitLength() {
        let lengths = (0..<DurationBuckets.count).map {
            64 - DurationBuckets.bounds[$0].leadingZeroBitCount
        }
        #expect(Set(lengths).count == DurationBuckets.count)
    }

    @Test("a run of rows is in the first bucket whose bound it does not exceed")
    func rows() {
        let interesting = Array(UInt64(1)...5000) + [1 << 20, .max]
        for count in interesting {
            let wanted = (0..<RowBuckets.count).first {
                RowBuckets.bound($0).map { count <= $0 } ?? true
            }
            #expect(RowBuckets.index(count) == wanted, "\(count) rows")
        }
        #expect(RowBuckets.index(0) == 0)
    }
}
