import Testing

@testable import ApusWorker

@Suite("Run planner")
struct RunPlannerTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let items: [RunPlanner.Item]
        /// Item and rows of each piece of each run.
        let runs: [[[Int]]]
    }

    static func item(_ rowCount: Int, key: Int = 0, alone: Bool = false) -> RunPlanner.Item {
        RunPlanner.Item(rowCount: rowCount, key: key, isAlone: alone)
    }

    @Test("neighbours share a run while they may", arguments: [
        Row(testDescription: "nothing", items: [], runs: []),
        Row(testDescription: "one", items: [item(1)], runs: [[[0, 1]]]),
        Row(testDescription: "up to the limit", items: [item(1), item(3), item(1)],
            runs: [[[0, 1], [1, 3]], [[2, 1]]]),
        Row(testDescription: "another shape between", items: [item(1), item(1, key: 1), item(1)],
            runs: [[[0, 1]], [[1, 1]], [[2, 1]]]),
        Row(testDescription: "one that runs alone between", items: [item(1), item(1, alone: true), item(1)],
            runs: [[[0, 1]], [[1, 1]], [[2, 1]]]),
        Row(testDescription: "one that runs alone is not cut", items: [item(9, alone: true)],
            runs: [[[0, 9]]]),
        Row(testDescription: "more rows than the limit", items: [item(1), item(9), item(1)],
            runs: [[[0, 1]], [[1, 4]], [[1, 4]], [[1, 1]], [[2, 1]]]),
        Row(testDescription: "no rows", items: [item(0, alone: true), item(1)],
            runs: [[[0, 0]], [[1, 1]]]),
    ])
    func plans(_ row: Row) {
        var planner = RunPlanner(rowLimit: 4)
        planner.plan(row.items)
        let runs = planner.runs.map { run in planner.pieces[run].map { [$0.item, $0.rowCount] } }
        #expect(runs == row.runs)
    }

    @Test("whatever waits, each row runs once, in order, within the limit, among its like")
    func randomWalk() {
        var random = SplitMix(state: 0xA905)
        var planner = RunPlanner(rowLimit: 8)
        for _ in 0..<5_000 {
            let items = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                let alone = Int.random(in: 0..<5, using: &random) == 0
                let rows = Int.random(in: alone ? 0...20 : 1...20, using: &random)
                return Self.item(rows, key: Int.random(in: 0..<3, using: &random), alone: alone)
            }
            planner.plan(items)
            Self.check(planner, items)
        }
    }

    static func check(_ planner: RunPlanner, _ items: [RunPlanner.Item]) {
        var rows = items.map { _ in 0 }
        var covered = 0
        for run in planner.runs {
            #expect(run.lowerBound == covered)
            covered = run.upperBound
            let pieces = planner.pieces[run]
            let runRows = pieces.reduce(0) { $0 + $1.rowCount }
            let members = pieces.map { items[$0.item] }
            let isAlone = members[0].isAlone
            #expect(isAlone ? members.count == 1 : runRows <= planner.rowLimit)
            #expect(Set(members.map(\.key)).count == 1 && !(members.count > 1 && members.contains(where: \.isAlone)))
            for piece in pieces {
                #expect(piece.firstRow == rows[piece.item])
                rows[piece.item] += piece.rowCount
            }
        }
        #expect(covered == planner.pieces.count)
        #expect(rows == items.map(\.rowCount))
        #expect(planner.pieces.map(\.item) == planner.pieces.map(\.item).sorted())
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
