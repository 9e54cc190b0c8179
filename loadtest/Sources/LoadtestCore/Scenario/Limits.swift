/// The numbers that may be asked for.
package enum Limits {
    /// Requests per second. The moments of a slower schedule pass what 64 bits of nanoseconds can count;
    /// a faster one is beyond every generator.
    package static let rate = 0.001...1e7
    /// Rows of a request, whose values all lie in memory.
    package static let rowCount = 1...1_000_000
    /// Connections, of the load or idle: each is a descriptor, and Linux gives a process about a million
    /// (proc(5), /proc/sys/fs/nr_open).
    package static let connectionCount = 1...1_000_000

    /// - Parameters:
    ///   - value: nil for what is no whole number.
    ///   - found: what the user wrote, with its option.
    /// - Throws: a sentence with what was found and what is allowed.
    @discardableResult
    package static func check(
        _ value: Int?, in range: ClosedRange<Int>, _ found: String
    ) throws(UsageError) -> Int {
        guard let value, range.contains(value) else {
            throw UsageError(
                "\(found) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// - Parameters:
    ///   - rate: requests per second; nil for what is no number.
    ///   - found: what the user wrote, with its option.
    /// - Throws: a sentence with what was found and what is allowed.
    @discardableResult
    package static func check(rate: Double?, _ found: String) throws(UsageError) -> Double {
        guard let rate, Limits.rate.contains(rate) else {
            let (low, high) = (Limits.rate.lowerBound, Limits.rate.upperBound)
            throw UsageError(
                "\(found) is not from \(Quantity.trimmed(low)) to \(Quantity.trimmed(high)) requests per second"
            )
        }
        return rate
    }
}
