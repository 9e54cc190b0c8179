extension Search.Window {
    /// A window holds when the objective holds and the server keeps up with what it is asked.
    package init(_ measurement: Measurement, _ objective: Objective, lagLimit: UInt64) {
        if measurement.busyShare > Validity.busyLimit,
            case .invalid(let why) = Validity(measurement)
        {
            self = .invalid(why)
        } else if measurement.overran {
            self = .broken("the backlog grew without bound")
        } else if measurement.failures[.wrong] != nil {
            self = .broken("wrong answers: \(measurement.wrongExamples.first ?? "")")
        } else if let clause = objective.broken(by: measurement).first {
            self = Search.Window.broken(clause, objective, measurement, lagLimit)
        } else if let growth = measurement.growth {
            self = .broken(
                "the server fell behind: \(growth) requests more were waiting at the end than at the start"
            )
        } else {
            self = .held
        }
    }

    /// A latency that is too long by no more than the generator's own lateness says nothing about the
    /// server; one that is longer does.
    private static func broken(
        _ clause: Objective.Clause, _ objective: Objective, _ measurement: Measurement,
        _ lagLimit: UInt64
    ) -> Search.Window {
        let reason = "\(clause), got \(objective.text(of: clause, in: measurement))"
        let lag: UInt64
        switch clause.measure {
        case .rate, .failures: return .broken(reason)
        case .percentile(let percentile): lag = measurement.lag.at(max(percentile, 99))
        case .longest: lag = measurement.lag.at(100)
        case .mean: lag = UInt64(measurement.lag.meanOrZero)
        }
        let isServers = objective.value(of: clause, in: measurement) - Double(lag) >= clause.limit
        if isServers || lag <= lagLimit { return .broken(reason) }
        return .invalid("\(reason), but the generator itself was late by \(Quantity.duration(lag))")
    }
}

extension Measurement {
    /// The server did not keep up: it was given more than it answered.
    package var fellBehind: Bool { overran || growth != nil }

    /// How many requests the server fell behind in the reported part; nil when that may be chance.
    var growth: Int? {
        let growth = backlogAtEnd - backlogAtStart
        return Double(growth) > allowedGrowth ? growth : nil
    }

    /// One request in a hundred, and what chance alone does: arrivals at random vary by their root.
    private var allowedGrowth: Double {
        let count = Double(dueCount)
        switch load.arrivals {
        case .poisson: return 2 + count / 100 + 2 * count.squareRoot()
        case .constant, .closed: return 2 + count / 100
        }
    }
}
