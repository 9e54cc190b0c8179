/// Finds the highest rate that holds an objective: doubles until it breaks, bisects between, and does
/// the last part again to learn how far the answer can be trusted.
///
/// It knows nothing of sockets: `probe` runs one window at a rate.
package struct Search {
    package struct Settings: Equatable, Sendable {
        package var startRate = 50.0
        package var highestRate = 1e6
        /// The search ends when the bracket is this narrow, as a share of the rate.
        package var precision = 0.02
        /// How many estimates there are, the first included.
        package var repeats = 3

        package init() {}
    }

    /// What one window at a rate showed.
    package enum Window: Equatable, Sendable {
        case held
        /// Which part of the objective broke, or how the server fell behind.
        case broken(String)
        /// Broken, and the generator may be to blame.
        case invalid(String)
    }

    /// A rate that was tried.
    package struct Point: Equatable, Sendable {
        package var rate: Double
        package var held: Bool
        package var reason: String
        /// Good answers per second.
        package var answeredRate: Double
        package var mean: Double
        package var p50: UInt64
        package var p99: UInt64
        package var failureShare: Double

        package init(rate: Double, held: Bool, reason: String, _ measurement: Measurement) {
            self.rate = rate
            self.held = held
            self.reason = reason
            answeredRate = measurement.answeredRate
            mean = measurement.latency.meanOrZero
            p50 = measurement.latency.at(50)
            p99 = measurement.latency.at(99)
            failureShare = measurement.failureShare
        }
    }

    package struct Result: Sendable {
        /// The median of `estimates`; 0 when not even the lowest rate held.
        package var rate: Double
        /// 95 % confidence, from the repeats (Student's t).
        package var interval: ClosedRange<Double>
        package var estimates: [Double]
        package var points: [Point]
        package var knee: Double?
        /// The generator could not offer more, so the server may carry more.
        package var generatorLimit: String?
    }

    package typealias Probe = (_ rate: Double) throws(SearchFailure) -> (Window, Measurement)

    /// So many windows spoilt by the generator at one rate end the search.
    private static let invalidLimit = 6

    private enum Verdict {
        case held, broken
        case stuck(String)
    }

    private let settings: Settings
    private let probe: Probe
    private let onPoint: (Point) -> Void
    private var points: [Point] = []

    package init(
        _ settings: Settings, onPoint: @escaping (Point) -> Void = { _ in }, probe: @escaping Probe
    ) {
        self.settings = settings
        self.onPoint = onPoint
        self.probe = probe
    }

    package mutating func run() throws(SearchFailure) -> Result {
        var low = 0.0
        var high = settings.startRate
        while true {
            switch try judge(high, agreeing: 1) {
            case .held:
                low = high
                guard high < settings.highestRate else {
                    return result(
                        [low],
                        limit: "the highest rate that was allowed, \(Quantity.three(high))/s, held")
                }
                high = min(high * 2, settings.highestRate)
                continue
            case .stuck(let reason): return result(low > 0 ? [low] : [], limit: reason)
            case .broken: break
            }
            break
        }
        if low == 0 {
            low = try lowestThatHolds(below: &high)
            guard low > 0 else { return result([], limit: nil) }
        }
        return try estimates(low, high)
    }

    /// The start rate broke: halves until one holds.
    private mutating func lowestThatHolds(below high: inout Double) throws(SearchFailure) -> Double
    {
        var rate = high / 2
        while rate >= 0.1 {
            if case .held = try judge(rate, agreeing: 1) { return rate }
            high = rate
            rate /= 2
        }
        return 0
    }

    private mutating func estimates(_ low: Double, _ high: Double) throws(SearchFailure) -> Result {
        var found: [Double] = []
        switch try bisect(low, high) {
        case (let rate, nil): found.append(rate)
        case (let rate, let reason?): return result([rate], limit: reason)
        }
        while found.count < settings.repeats {
            let (rate, reason) = try climb(around: found[0])
            // A repeat that the generator spoils is one estimate less, not another limit.
            guard reason == nil, rate > 0 else { break }
            found.append(rate)
        }
        return result(found, limit: nil)
    }

    private mutating func bisect(
        _ low: Double, _ high: Double
    ) throws(SearchFailure) -> (Double, String?) {
        var (low, high) = (low, high)
        while high - low > settings.precision * low {
            let middle = (low + high) / 2
            switch try judge(middle, agreeing: 2) {
            case .held: low = middle
            case .broken: high = middle
            case .stuck(let reason): return (low, reason)
            }
        }
        return (low, nil)
    }

    /// Looks for the limit afresh near a known one: steps until the verdict turns, then bisects.
    private mutating func climb(around rate: Double) throws(SearchFailure) -> (Double, String?) {
        let step = 1 + 2 * settings.precision
        var low = 0.0
        var high = 0.0
        var next = rate
        while (low == 0 || high == 0) && next > rate / 4 && next < rate * 4 {
            switch try judge(next, agreeing: 2) {
            case .held:
                low = next
                next *= step
            case .broken:
                high = next
                next /= step
            case .stuck(let reason): return (low, reason)
            }
        }
        guard low > 0, high > 0 else { return (low, nil) }
        return try bisect(low, high)
    }

    /// Runs windows until `agreeing` of them hold, or enough break: two in which the server fell behind,
    /// or three that were only slow, as they may be by a hiccup of the machine.
    private mutating func judge(
        _ rate: Double, agreeing: Int
    ) throws(SearchFailure) -> Verdict {
        var held = 0
        var broken = 0
        var invalid = 0
        while true {
            let (window, measurement) = try probe(rate)
            switch window {
            case .held: held += 1
            case .broken: broken += measurement.fellBehind ? 3 : 2
            case .invalid: invalid += 1
            }
            let reason =
                switch window {
                case .held: ""
                case .broken(let reason), .invalid(let reason): reason
                }
            let point = Point(rate: rate, held: window == .held, reason: reason, measurement)
            points.append(point)
            onPoint(point)
            if held == agreeing { return .held }
            if broken >= 6 { return .broken }
            if invalid == Search.invalidLimit { return .stuck(reason) }
        }
    }

    private func result(_ found: [Double], limit: String?) -> Result {
        let statistics = Statistics(found)
        let rate = Statistics.median(found)
        // One estimate has no spread; what is known is how near the search came.
        let half = found.count > 1 ? statistics.confidenceHalfWidth : rate * settings.precision
        return Result(
            rate: rate, interval: max(0, rate - half)...(rate + half), estimates: found,
            points: points, knee: Knee.find(points.map { ($0.rate, $0.mean) }),
            generatorLimit: limit)
    }
}

/// The search cannot go on: the machine refused something.
package struct SearchFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ sentence: String) { description = sentence }
}
