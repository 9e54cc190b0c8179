/// What becomes of a request with a number outside of the range that the schema names for a feature.
package enum OutOfRangeMode: UInt8, Sendable, CaseIterable {
    /// It is answered as any other.
    case allow = 0
    /// It is answered, and logged.
    case warn = 1
    /// It is refused.
    case reject = 2
}
