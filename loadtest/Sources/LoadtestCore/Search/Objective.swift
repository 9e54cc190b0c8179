/// A service level that a run holds or breaks: `p99<20ms,errors<0.1%`.
package struct Objective: Equatable, Sendable, CustomStringConvertible {
    package enum Measure: Equatable, Sendable {
        case percentile(Double)
        case longest
        case mean
        /// The share of failed requests.
        case failures
        /// Good answers per second: the only one that asks for more.
        case rate
    }

    package struct Clause: Equatable, Sendable, CustomStringConvertible {
        package var measure: Measure
        /// Nanoseconds, a share, or requests per second.
        package var limit: Double
        package let description: String
    }

    package var clauses: [Clause]

    package var description: String { clauses.map(\.description).joined(separator: ", ") }

    /// - Throws: naming the part that cannot be read.
    package init(_ text: String) throws(UsageError) {
        clauses = []
        for part in text.split(separator: ",") {
            clauses.append(try Objective.clause(String(part.filter { $0 != " " })))
        }
        guard !clauses.isEmpty else {
            throw UsageError("--slo is empty; write it as 'p99<20ms,errors<0.1%'")
        }
        // A server that refuses half of what it is asked is quick with the rest, and holds nothing.
        if !clauses.contains(where: { $0.measure == .failures }) {
            clauses.append(Clause(measure: .failures, limit: 0.01, description: "errors<1%"))
        }
    }

    private static func clause(_ text: String) throws(UsageError) -> Clause {
        let wrong = UsageError(
            "cannot read \"\(text)\" in --slo; write p50, p99.9, max, mean or errors with < and a limit, or rate>N"
        )
        guard let sign = text.firstIndex(where: { $0 == "<" || $0 == ">" }) else { throw wrong }
        let name = text[..<sign]
        let limit = text[text.index(after: sign)...].drop { $0 == "=" }
        let isBelow = text[sign] == "<"
        switch name {
        case "rate":
            guard !isBelow, let value = Quantity.count(limit) else { throw wrong }
            return Clause(measure: .rate, limit: value, description: text)
        case "errors":
            let isPercent = limit.hasSuffix("%")
            guard isBelow, let value = Double(isPercent ? limit.dropLast() : limit), value >= 0
            else {
                throw wrong
            }
            return Clause(
                measure: .failures, limit: isPercent ? value / 100 : value, description: text)
        default:
            guard isBelow, let measure = latency(name), let value = Quantity.nanoseconds(limit),
                value > 0
            else { throw wrong }
            return Clause(measure: measure, limit: Double(value), description: text)
        }
    }

    private static func latency(_ name: Substring) -> Measure? {
        switch name {
        case "max": return .longest
        case "mean": return .mean
        default:
            guard name.hasPrefix("p"), let value = Double(name.dropFirst()), value > 0, value <= 100
            else { return nil }
            return .percentile(value)
        }
    }

    /// The clauses that a measurement breaks. Nothing measured breaks every one.
    package func broken(by measurement: Measurement) -> [Clause] {
        clauses.filter { !holds($0, measurement) }
    }

    /// What a clause is about, as measured: nanoseconds, a share, or requests per second.
    package func value(of clause: Clause, in measurement: Measurement) -> Double {
        let latency = measurement.latency
        return switch clause.measure {
        case .percentile(let percentile): Double(latency.at(percentile))
        case .longest: Double(latency.at(100))
        case .mean: latency.meanOrZero
        case .failures: measurement.failureShare
        case .rate: measurement.answeredRate
        }
    }

    private func holds(_ clause: Clause, _ measurement: Measurement) -> Bool {
        let value = value(of: clause, in: measurement)
        switch clause.measure {
        case .rate: return value >= clause.limit
        case .failures:
            return measurement.goodCount + measurement.failureCount > 0
                && (value < clause.limit || (value == 0 && clause.limit == 0))
        case .percentile, .longest, .mean:
            return measurement.latency.totalCount > 0 && value < clause.limit
        }
    }
}
