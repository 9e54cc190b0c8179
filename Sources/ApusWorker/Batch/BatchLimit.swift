/// How many rows a run may have: learned, between 1 and what was configured.
///
/// Rows together cost less than rows alone, up to a point that depends on the model and the machine. The limit
/// doubles while fuller runs give rows cheaper, and halves where they do not or where a run takes too long. It
/// tries again after a while, since a busy machine measures badly.
struct BatchLimit: Equatable {
    /// Where a limit begins, if so much is allowed.
    static let firstRowLimit = 16
    /// Runs of one size before anything is concluded from them.
    static let sampleCount = 16
    /// Runs until growth is tried again after it did not help.
    static let patience = 4096
    /// A larger run has to give rows at least this much cheaper: a fiftieth.
    static let leastGainDivisor: UInt64 = 50
    private(set) var rowLimit: Int
    private let most: Int
    private let longestRunNanoseconds: UInt64
    /// Nanoseconds a row, a moving average, by the size of the run: index `i` is up to `1 << i` rows.
    private var costs: [UInt64]
    private var samples = 0
    private var runsUntilRetry = 0

    /// - Parameters:
    ///   - most: what was configured, at least 1.
    ///   - longestRunNanoseconds: a run that takes longer holds up everybody who came after it.
    init(most: Int, longestRunNanoseconds: UInt64 = 100_000_000) {
        precondition(most >= 1, "a run has a row")
        self.most = most
        self.longestRunNanoseconds = longestRunNanoseconds
        rowLimit = min(most, Self.firstRowLimit)
        costs = Array(repeating: 0, count: Self.size(most) + 1)
    }

    /// Learns from one run.
    mutating func record(rowCount: Int, nanoseconds: UInt64) {
        guard rowCount > 0, rowCount <= most else { return }
        let size = Self.size(rowCount)
        let cost = nanoseconds / UInt64(rowCount)
        costs[size] = costs[size] == 0 ? cost : (costs[size] * 7 + cost) / 8
        if runsUntilRetry > 0 { runsUntilRetry -= 1 }
        guard size == Self.size(rowLimit) else { return }  // not full: says nothing about the limit
        samples += 1
        if samples >= Self.sampleCount { decide(size) }
    }

    private mutating func decide(_ size: Int) {
        samples = 0
        let smaller = size > 0 ? costs[size - 1] : 0
        let gains = smaller == 0 || costs[size] <= smaller - smaller / Self.leastGainDivisor
        let isTooLong = costs[size] * UInt64(rowLimit) > longestRunNanoseconds
        if isTooLong || !gains {
            rowLimit = max(1, rowLimit / 2)
            runsUntilRetry = Self.patience
        } else if runsUntilRetry == 0 {
            rowLimit = min(most, rowLimit * 2)
        }
    }

    /// The power of two that `rowCount` rows need.
    private static func size(_ rowCount: Int) -> Int {
        Int.bitWidth - (rowCount - 1).leadingZeroBitCount
    }
}
