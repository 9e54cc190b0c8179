import ApusWire

/// The faults of one request: all of them are told at once, so that a caller mends them at once.
package struct ProblemList {
    /// The faults that are told in words; of the others only how many there are.
    package static let toldCount = 16
    /// A request that has more is not read to its end.
    private static let limit = 1000

    private var told: [InferenceError] = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Adds one, and what it consists of.
    /// - Throws: all that there are, when that is too many.
    package mutating func note(_ error: InferenceError) throws(InferenceError) {
        if case .several(let errors, let count) = error {
            told += errors.prefix(Self.toldCount - told.count)
            self.count += count
        } else {
            if told.count < Self.toldCount { told.append(error) }
            count += 1
        }
        if count >= Self.limit { try finish() }
    }

    /// - Throws: what there is, if anything; then there is nothing left.
    package mutating func finish() throws(InferenceError) {
        guard count > 0 else { return }
        defer { removeAll() }
        throw count == 1 ? told[0] : .several(told, count: count)
    }

    mutating func removeAll() {
        told.removeAll(keepingCapacity: true)
        count = 0
    }
}
