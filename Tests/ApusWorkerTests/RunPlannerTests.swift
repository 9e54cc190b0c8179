import Testing

@testable import ApusWorker

@Suite("Run planner")
struct RunPlannerTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let items: [RunPlanner.Item]
        let runs: [Range<Int>]
    }

    static func item(_ rowCount: Int, key: Int = 0, alone: Bool = false) -> RunPlanner.Item {
        RunPlanner.Item(rowCount: rowCount, key: key, isAlone: alone)
    }

    @Test("neighbours share a run while they may", arguments: [
        Row(testDescription: "nothing", items: [], runs: []),
        Row(testDescription: "one", items: [item(1)], runs: [0..<1]),
        Row(testDescription: "up to the limit", items: [item(1), item(3), item(1)], runs: [0..<2, 2..<3]),
        Row(testDescription: "another shape between", items: [item(1), item(1, key: 1), item(1)],
            runs: [0..<1, 1..<2, 2..<3]),
        Row(testDescription: "one that runs alone between", items: [item(1), item(1, alone: true), item(1)],
            runs: [0..<1, 1..<2, 2..<3]),
        Row(testDescription: "two that run alone", items: [item(1, alone: true), item(1, alone: true)],
            runs: [0..<1, 1..<2]),
        Row(testDescription: "more rows than the limit", items: [item(1), item(9), item(1)],
            runs: [0..<1, 1..<2, 2..<3]),
        Row(testDescription: "more rows than can be added up", items: [item(.max), item(.max), item(1)],
            runs: [0..<1, 1..<2, 2..<3]),
        Row(testDescription: "no rows", items: [item(0, alone: true), item(1)], runs: [0..<1, 1..<2]),
    ])
    func plans(_ row: Row) {
        var planner = RunPlanner(rowLimit: 4)
        planner.plan(row.items)
        #expect(planner.runs == row.runs)
    }

    @Test("whatever waits, each request is in one run, in order, within the limit, among its like")
    func randomWalk() {
        var random = SplitMix(state: 0xA905)
        var planner = RunPlanner(rowLimit: 8)
        for _ in 0..<2_000 {
            let items = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                let alone = Int.random(in: 0..<5, using: &random) == 0
                let rows = Int.random(in: alone ? 0...20 : 1...12, using: &random)
                return Self.item(rows, key: Int.random(in: 0..<3, using: &random), alone: alone)
            }
            planner.plan(items)
            let flaws = planner.runs.filter { !Self.isSound(items[$0]) }
            #expect(flaws.isEmpty && planner.runs.flatMap { Array($0) } == Array(items.indices))
            #expect(Self.isGreedy(planner, items), "\(items) \(planner.runs)")
        }
    }

    /// These may share a run.
    static func isSound(_ items: ArraySlice<RunPlanner.Item>) -> Bool {
        if items.count == 1 { return true }
        return items.allSatisfy { !$0.isAlone && $0.key == items.first?.key }
            && items.reduce(0) { $0 + $1.rowCount } <= 8
    }

    /// No run could have taken the request after it.
    static func isGreedy(_ planner: RunPlanner, _ items: [RunPlanner.Item]) -> Bool {
        planner.runs.allSatisfy {
            $0.upperBound == items.count || !isSound(items[$0.lowerBound...$0.upperBound])
        }
    }
}

/// Seeded random numbers (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
