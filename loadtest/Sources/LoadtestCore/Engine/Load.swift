/// How much is sent, how, and for how long.
package struct Load: Equatable, Sendable {
    /// When the next request is due.
    package enum Arrivals: Equatable, Sendable {
        /// As soon as a connection has its answer: each connection always waits for one.
        case closed
        /// At a rate, whatever the server does.
        case constant(perSecond: Double)
        /// At random, independent moments with this mean rate.
        case poisson(perSecond: Double)

        package var rate: Double? {
            switch self {
            case .closed: nil
            case .constant(let rate), .poisson(let rate): rate
            }
        }
    }

    package var arrivals = Arrivals.constant(perSecond: 100)
    /// At most this many requests wait for an answer at once; the others wait for a connection.
    package var connections = 64
    /// A connection is closed after this many answers; 0 keeps it for good.
    package var requestsPerConnection = 0
    /// Connections held open beside the load, sending nothing.
    package var idleConnections = 0
    /// Sent, and not reported.
    package var warmUp: UInt64 = 1_000_000_000
    /// The reported part. Nanoseconds, as all times here.
    package var duration: UInt64 = 10_000_000_000
    /// A request without an answer after this is an error, and its connection is closed.
    package var timeout: UInt64 = 10_000_000_000
    /// How long to wait, after the last request, for answers that are still out.
    package var drain: UInt64 = 10_000_000_000
    package var seed: UInt64 = 1
    /// The run ends early when this many due requests are without an answer; for searches.
    package var backlogLimit = Int.max

    package init() {}
}
