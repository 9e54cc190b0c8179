/// How many rows a run may have: learned, between 1 and what was configured.
///
/// Rows together cost less than rows alone, up to a point that depends on the model and the machine. So now and then the
/// limit is tried against another one, twice or four times as large, or half: runs of the one and of the other take turns,
/// since how fast a machine is changes from second to second. A run that was interrupted takes longer, and none is shorter
/// than it has to be: so the shortest ones are compared.
struct BatchLimit: Equatable {
    /// Where a limit begins, if so much is allowed.
    static let firstRowLimit = 16
    /// Runs of each of two sizes before anything is concluded from them.
    static let sampleCount = 16
    /// Runs until the next trial after one that gained nothing.
    static let patience = 512
    /// The same after a run that was too long: those who wait for such a trial are kept waiting.
    static let longPatience = 4096
    /// A larger run has to give rows at least this much cheaper: a fiftieth.
    static let leastGainDivisor: UInt64 = 50
    /// What is tried in turn: so many steps up or down.
    private static let strides = [1, 2, -1]

    /// The most rows of the next run.
    var rowLimit: Int { rowCount(ofStep: trial?.next ?? step) }

    private let most: Int
    private let longestRunNanoseconds: UInt64
    /// Where the limit is outside of a trial: runs of step `i` have more than `1 << (i - 1)` rows, and up to `1 << i`.
    private var step: Int
    private let lastStep: Int
    private var length = RunLength()
    private var trial: Trial?
    private var runsUntilTrial = 0
    /// Of `strides`, the next.
    private var turn = 0

    /// - Parameters:
    ///   - most: what was configured, at least 1.
    ///   - longestRunNanoseconds: a run that takes longer holds up everybody who came after it.
    init(most: Int, longestRunNanoseconds: UInt64 = 100_000_000) {
        precondition(most >= 1, "a run has a row")
        self.most = most
        self.longestRunNanoseconds = longestRunNanoseconds
        lastStep = Self.step(most)
        step = Self.step(min(most, Self.firstRowLimit))
    }

    /// Learns from one run.
    mutating func record(rowCount: Int, nanoseconds: UInt64) {
        guard rowCount > 0, rowCount <= most else { return }
        let step = Self.step(rowCount)
        // One that is not full says nothing about the limit.
        if step == self.step, length.add(nanoseconds), length.shortest > longestRunNanoseconds { return shrink() }
        if runsUntilTrial > 0 { runsUntilTrial -= 1 }
        if trial == nil, runsUntilTrial == 0, step == self.step { trial = nextTrial() }
        guard trial != nil else { return }
        trial?.add(step: step, cost: nanoseconds / UInt64(rowCount))
        conclude()
    }

    private mutating func conclude() {
        guard let trial else { return }
        let larger = trial.costOfLarger, smaller = trial.costOfSmaller
        // A few runs are enough to see that each keeps others waiting for too long.
        let isTooLong = trial.pairCount >= 4 && larger * UInt64(rowCount(ofStep: trial.larger)) > longestRunNanoseconds
        guard trial.pairCount == Self.sampleCount || isTooLong else { return }
        self.trial = nil
        let grows = !isTooLong && larger < smaller - smaller / Self.leastGainDivisor
        let falls = isTooLong || larger >= smaller
        runsUntilTrial = isTooLong ? Self.longPatience : Self.patience
        if trial.smaller == step, grows {
            move(to: trial.larger)
            (turn, runsUntilTrial) = (0, 0)
        } else if trial.larger == step, falls {
            move(to: trial.smaller)
        }
    }

    /// To where a run is short enough, if it takes as much longer as it has more rows.
    private mutating func shrink() {
        let cost = length.shortest / UInt64(rowCount(ofStep: step))
        var target = step
        while target > 0, target == step || cost * UInt64(rowCount(ofStep: target)) > longestRunNanoseconds { target -= 1 }
        trial = nil
        runsUntilTrial = Self.longPatience
        move(to: target)
    }

    private mutating func move(to step: Int) {
        self.step = step
        length = RunLength()
    }

    private mutating func nextTrial() -> Trial? {
        for _ in Self.strides {
            let other = step + Self.strides[turn]
            turn = (turn + 1) % Self.strides.count
            guard (0...lastStep).contains(other) else { continue }
            // Rows may come to half of what they cost now. What would be too long even so is not tried.
            let expected = length.shortest / UInt64(rowCount(ofStep: step)) * UInt64(rowCount(ofStep: other))
            if expected / 2 <= longestRunNanoseconds {
                return Trial(smaller: min(step, other), larger: max(step, other), next: other)
            }
        }
        runsUntilTrial = Self.patience
        return nil
    }

    private func rowCount(ofStep step: Int) -> Int { min(most, 1 << step) }

    private static func step(_ rowCount: Int) -> Int { Int.bitWidth - (rowCount - 1).leadingZeroBitCount }
}

extension BatchLimit {
    /// How long a run takes: the shortest of some.
    private struct RunLength: Equatable {
        /// Nanoseconds; 0 at first.
        private(set) var shortest: UInt64 = 0
        private var candidate = UInt64.max
        private var count = 0

        /// - Returns: whether there is a new `shortest`.
        mutating func add(_ nanoseconds: UInt64) -> Bool {
            candidate = min(candidate, nanoseconds)
            count += 1
            guard count == BatchLimit.sampleCount else { return false }
            (shortest, candidate, count) = (candidate, .max, 0)
            return true
        }
    }

    /// Two sizes that take turns. Only pairs count, a smaller run and the next larger one: if those of one size came hours
    /// before the others, they would tell of another machine. The first pair does not count: its smaller run may have waited
    /// for hours, and its larger one was the first that needed so much memory.
    private struct Trial: Equatable {
        let smaller, larger: Int
        /// The step of the next run.
        private(set) var next: Int
        private(set) var pairCount = -1
        /// Nanoseconds a row, of the cheapest run.
        private(set) var costOfSmaller = UInt64.max
        private(set) var costOfLarger = UInt64.max
        /// Of the smaller run that waits for its larger one.
        private var waiting: UInt64?

        init(smaller: Int, larger: Int, next: Int) {
            (self.smaller, self.larger, self.next) = (smaller, larger, next)
        }

        mutating func add(step: Int, cost: UInt64) {
            if step == smaller {
                waiting = cost
                next = larger
            } else if step == larger {
                next = smaller
                guard let waiting else { return }
                pairCount += 1
                self.waiting = nil
                guard pairCount > 0 else { return }
                costOfSmaller = min(costOfSmaller, waiting)
                costOfLarger = min(costOfLarger, cost)
            }
        }
    }
}
