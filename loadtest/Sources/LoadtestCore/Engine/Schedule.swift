import Glibc

/// The moments at which requests are due, one after another.
package struct Schedule {
    /// When the next request is due; `UInt64.max` in a closed loop.
    package private(set) var nextDue: UInt64
    private let start: UInt64
    /// Nanoseconds from one to the next, on average.
    package let gap: Double
    private let isPoisson: Bool
    private var count = 0.0
    private var elapsed = 0.0
    private var random: SplitMix

    package init(_ arrivals: Load.Arrivals, seed: UInt64, startingAt start: UInt64) {
        self.start = start
        random = SplitMix(seed: seed)
        switch arrivals {
        case .closed:
            gap = 0
            isPoisson = false
            nextDue = .max
        case .constant(let rate):
            gap = 1e9 / rate
            isPoisson = false
            nextDue = start
        case .poisson(let rate):
            gap = 1e9 / rate
            isPoisson = true
            nextDue = start
            advance()
        }
    }

    /// Goes on to the next request. Constant gaps are counted from the start, so rounding does not add up.
    package mutating func advance() {
        if isPoisson {
            elapsed -= gap * log(random.unit())
            nextDue = start + UInt64(elapsed)
        } else {
            count += 1
            nextDue = start + UInt64(count * gap)
        }
    }
}

/// A small random generator with a seed (Steele, Lea & Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014: SplitMix64).
package struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Uniform in (0, 1].
    package mutating func unit() -> Double { Double((next() >> 11) + 1) * 0x1p-53 }
}
