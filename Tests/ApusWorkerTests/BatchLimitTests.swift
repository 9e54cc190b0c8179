import Testing

@testable import ApusWorker

@Suite("Batch limit")
struct BatchLimitTests {
    /// Runs of as many rows as are allowed, each taking what `cost` says.
    static func settle(_ limit: inout BatchLimit, runs: Int, cost: (Int) -> UInt64) {
        for _ in 0..<runs { limit.record(rowCount: limit.rowLimit, nanoseconds: cost(limit.rowLimit)) }
    }

    @Test("it grows to what was configured while rows get cheaper together")
    func grows() {
        var limit = BatchLimit(most: 256)
        Self.settle(&limit, runs: 200) { UInt64(100_000 + 1_000 * $0) }
        #expect(limit.rowLimit == 256)
    }

    @Test("it stays where larger runs give rows no cheaper")
    func staysWhereNothingIsGained() {
        var limit = BatchLimit(most: 1024)
        Self.settle(&limit, runs: 200) { UInt64(1_000 * $0) }
        #expect(limit.rowLimit <= 32)
    }

    @Test("it falls until a run is short enough", arguments: [30_000_000, 100_000_000, 500_000_000] as [UInt64])
    func fallsForLongRuns(_ longest: UInt64) {
        var limit = BatchLimit(most: 64, longestRunNanoseconds: longest)
        // Half the cost a row each time the run doubles, but 20 ms a row even then.
        Self.settle(&limit, runs: 400) { UInt64(20_000_000 * $0 + 1_000) }
        #expect(UInt64(20_000_000 * limit.rowLimit) <= longest)
        #expect(UInt64(40_000_000 * limit.rowLimit) > longest, "and no further")
    }

    @Test("it tries again after a while")
    func triesAgain() {
        var limit = BatchLimit(most: 64)
        Self.settle(&limit, runs: 100) { UInt64(1_000 * $0) }
        let settled = limit.rowLimit
        Self.settle(&limit, runs: BatchLimit.patience + 2_000) { UInt64(100_000 + 100 * $0) }
        #expect(limit.rowLimit > settled)
    }

    @Test("runs that are interrupted, as most are on a busy machine, do not keep it from growing", arguments: 1...8)
    func interrupted(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        var limit = BatchLimit(most: 64)
        var grownCount = 0
        for run in 0..<20_000 {
            if run >= 10_000, limit.rowLimit == 64 { grownCount += 1 }
            let rowCount = 1 + Int(random.next() % UInt64(limit.rowLimit))
            let interruption = random.next() % 3 == 0 ? 0 : random.next() % 2_000_000
            limit.record(rowCount: rowCount, nanoseconds: UInt64(6_000 + 100 * rowCount) + interruption)
        }
        #expect(grownCount > 9_000, "but for trials")
    }

    @Test("runs that are not full change nothing")
    func ignoresSmallRuns() {
        var limit = BatchLimit(most: 64)
        for _ in 0..<1_000 { limit.record(rowCount: 2, nanoseconds: 1_000_000_000) }
        #expect(limit.rowLimit == BatchLimit.firstRowLimit)
    }

    @Test("it shrinks again where larger runs have come to give rows no cheaper")
    func shrinks() {
        var limit = BatchLimit(most: 256)
        Self.settle(&limit, runs: 400) { UInt64(100_000 + 1_000 * $0) }
        #expect(limit.rowLimit == 256)
        // From 64 rows on, each costs more.
        Self.settle(&limit, runs: 20 * BatchLimit.patience) { UInt64(100_000 + 1_000 * $0 + 20 * max(0, $0 - 64) * $0) }
        #expect((64...128).contains(limit.rowLimit))
    }

    @Test("four times the rows are tried, too, where twice as many give nothing")
    func skips() {
        var limit = BatchLimit(most: 64)
        Self.settle(&limit, runs: 4 * BatchLimit.patience) { UInt64($0 <= 32 ? 7_000 * $0 : 6_500 * $0) }
        #expect(limit.rowLimit == 64)
    }

    @Test("a machine that is slow for a while misleads it seldom", arguments: 1...8)
    func machineSlows(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        var limit = BatchLimit(most: 256)
        // Nanoseconds a row, as they were measured of a network of three layers.
        let costs: [Int: UInt64] = [1: 16_000, 2: 13_000, 4: 12_000, 8: 11_000, 16: 7_640, 32: 7_450, 64: 6_840, 128: 6_800, 256: 6_700]
        var speed: UInt64 = 1024
        var rowCount = 0, smallRowCount = 0
        for run in 0..<50_000 {
            if random.next() % 40 == 0 { speed = 1024 + random.next() % 700 }
            let rows = limit.rowLimit
            let noise = random.next() % 300
            limit.record(rowCount: rows, nanoseconds: (costs[rows]! + noise) * UInt64(rows) * speed / 1024)
            guard run >= 2_000 else { continue }
            rowCount += rows
            if rows < 64 { smallRowCount += rows }
        }
        #expect(smallRowCount * 20 < rowCount, "\(smallRowCount) of \(rowCount) rows")
    }

    @Test("a trial that nobody's rows fill does not mix what is hours old with what is new")
    func stale() {
        var limit = BatchLimit(most: 32)
        // The first run begins a trial; the larger half of it does not come while the machine is fast.
        for _ in 0..<100 { limit.record(rowCount: 16, nanoseconds: 16 * 1_000) }
        #expect(limit.rowLimit == 32)
        // Slower by a third, and large runs pay.
        Self.settle(&limit, runs: 200) { UInt64($0 * ($0 == 32 ? 1_200 : 1_500)) }
        #expect(limit.rowLimit == 32)
    }

    @Test("whatever is recorded, the limit stays between 1 and what was configured")
    func randomWalk() {
        var random = SplitMix(state: 7)
        for most in [1, 2, 3, 17, 64, 1000] {
            var limit = BatchLimit(most: most)
            for _ in 0..<5_000 {
                limit.record(
                    rowCount: Int(random.next() % UInt64(most + 3)), nanoseconds: random.next() % 1_000_000_000)
                #expect((1...most).contains(limit.rowLimit))
            }
        }
    }
}
