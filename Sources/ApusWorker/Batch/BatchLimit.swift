/// How many rows a run may have: learned, between 1 and what was configured.
///
/// Rows together cost less than rows alone, up to a point that depends on the model and the machine. The limit
/// doubles while fuller runs give rows cheaper, and halves where they do not or where a run takes too long. Either way
/// it tries again after a while.
///
/// A run that was interrupted takes longer, and none is shorter than it has to be: so runs are compared by the
/// shortest of several.
struct BatchLimit: Equatable {
    /// Where a limit begins, if so much is allowed.
    static let firstRowLimit = 16
    /// Runs of one size before anything is concluded from them.
    static let sampleCount = 16
    /// Runs until growth is tried again after it did not help.
    static let patience = 512
    /// The same after a run that was too long: those who wait for such a try are kept waiting.
    static let longPatience = 4096
    /// A larger run has to give rows at least this much cheaper: a fiftieth.
    static let leastGainDivisor: UInt64 = 50

    /// Runs of one size.
    private struct Size: Equatable {
        /// Nanoseconds a row, of the cheapest run among the last `sampleCount` that were concluded from; 0 at first.
        var cost: UInt64 = 0
        private var cheapest = UInt64.max
        private var count = 0

        /// - Returns: whether there is a new `cost`.
        mutating func add(_ nanoseconds: UInt64) -> Bool {
            cheapest = min(cheapest, nanoseconds)
            count += 1
            guard count == BatchLimit.sampleCount else { return false }
            cost = cheapest
            cheapest = .max
            count = 0
            return true
        }
    }

    private(set) var rowLimit: Int
    private let most: Int
    private let longestRunNanoseconds: UInt64
    /// Index `i` is for runs of up to `1 << i` rows.
    private var sizes: [Size]
    private var runsUntilRetry = 0

    /// - Parameters:
    ///   - most: what was configured, at least 1.
    ///   - longestRunNanoseconds: a run that takes longer holds up everybody who came after it.
    init(most: Int, longestRunNanoseconds: UInt64 = 100_000_000) {
        precondition(most >= 1, "a run has a row")
        self.most = most
        self.longestRunNanoseconds = longestRunNanoseconds
        rowLimit = min(most, Self.firstRowLimit)
        sizes = Array(repeating: Size(), count: Self.index(most) + 1)
    }

    /// Learns from one run.
    mutating func record(rowCount: Int, nanoseconds: UInt64) {
        guard rowCount > 0, rowCount <= most else { return }
        if runsUntilRetry > 0 { runsUntilRetry -= 1 }
        let index = Self.index(rowCount)
        let isNew = sizes[index].add(nanoseconds / UInt64(rowCount))
        // One that is not full says nothing about the limit.
        if isNew, index == Self.index(rowLimit) { decide(index) }
    }

    private mutating func decide(_ index: Int) {
        let cost = sizes[index].cost
        let smaller = index > 0 ? sizes[index - 1].cost : 0
        if cost * UInt64(rowLimit) > longestRunNanoseconds {
            shrink(Self.longPatience)
        } else if smaller > 0 && cost > smaller - smaller / Self.leastGainDivisor {
            shrink(Self.patience)
        } else if runsUntilRetry == 0 {
            rowLimit = min(most, rowLimit * 2)
        }
    }

    private mutating func shrink(_ patience: Int) {
        rowLimit = max(1, rowLimit / 2)
        runsUntilRetry = patience
    }

    /// The power of two that `rowCount` rows need.
    private static func index(_ rowCount: Int) -> Int {
        Int.bitWidth - (rowCount - 1).leadingZeroBitCount
    }
}
