/// Whether a run's numbers are about the server, or about the generator.
package enum Validity: Equatable, Sendable {
    case valid
    /// Why they are not.
    case invalid(String)

    /// The generator's own lateness may be this much at its 99th percentile, or a tenth of the reported
    /// latency's, whichever is more.
    package static let lagLimit: UInt64 = 5_000_000
    /// Above this share of a core, waiting for the processor is part of every latency.
    package static let busyLimit = 0.95

    /// Judges an open-loop run; a closed loop promises no rate, and is limited by the generator openly.
    /// - Parameter lagLimit: how late the generator may be, at p99; nil is the rule above.
    package init(_ measurement: Measurement, lagLimit: UInt64? = nil) {
        self = .valid
        guard measurement.load.arrivals != .closed else { return }
        if measurement.dueCount == 0 {
            self = .invalid(
                "no request came due in the reported part: make --duration longer than the gap between requests"
            )
            return
        }
        let lag = measurement.lag.at(99)
        let limit = lagLimit ?? max(Validity.lagLimit, measurement.latency.at(99) / 10)
        if lag > limit {
            let lag = Quantity.duration(lag)
            self = .invalid(
                "the generator itself was late (p99 \(lag)): it, not the server, is part of these latencies; give it a free core, lower the rate, or raise --max-lag"
            )
        } else if measurement.busyShare > Validity.busyLimit {
            self = .invalid(
                "the generator used \(Quantity.percent(measurement.busyShare)) of a core and was the bottleneck; lower the rate or run several generators"
            )
        }
    }
}
