/// What one run showed. Times are nanoseconds; nothing here is from the warm-up.
package struct Measurement {
    /// A stretch between two faults.
    package struct Phase {
        package var name: String
        /// Seconds from the start of the reported part.
        package var start: Double
        package var end: Double
        package var latency: LatencyHistogram
        package var goodCount: Int
        package var failureCount: Int
    }

    /// Something done to the server on purpose.
    package struct Mark: Equatable, Sendable {
        /// Seconds from the start of the reported part.
        package var at: Double
        package var command: String
        /// How the command ended; empty while it runs.
        package var outcome: String
    }

    /// A stage of the server's work, by its own `Server-Timing`.
    package struct Stage {
        package var name: String
        package var durations: LatencyHistogram
    }

    package var load: Load
    package var seconds: Double
    /// The start on the wall clock, seconds since 1970.
    package var startedAt: Double
    package var latency: LatencyHistogram
    package var service: LatencyHistogram
    package var sendDelay: LatencyHistogram
    /// How late the generator itself was: from the due time to its coming round to it.
    package var lag: LatencyHistogram
    package var dueCount: Int
    package var goodCount: Int
    package var goodRowCount: Int
    package var goodWithinWindow: Int
    package var failures: [Failure: Int]
    package var statuses: [Int: Int]
    package var intervals: [Interval]
    package var windowStart: UInt64
    package var phases: [Phase]
    package var marks: [Mark]
    package var stages: [Stage]
    package var usage: Usage
    /// Requests sent while `usage` was counted.
    package var sentCount: Int
    /// Requests sent in the whole run, warm-up and drain included.
    package var wholeSentCount: Int
    package var readByteCount: Int
    package var connectionsOpened: Int
    package var idleOpened: Int
    package var idleLeft: Int
    /// Requests without an answer at the start and at the end of the reported part.
    package var backlogAtStart: Int
    package var backlogAtEnd: Int
    /// The run was ended early: the backlog passed the load's limit.
    package var overran: Bool
    package var wrongExamples: [String]
    package var refusals: RefusalExamples
    package var connectError: String?
    /// The share of the machine's time that its host gave to others, 0...1.
    package var stolen: Double

    package var failureCount: Int { failures.values.reduce(0, +) }
    package var answeredRate: Double { seconds > 0 ? Double(goodWithinWindow) / seconds : 0 }
    package var rowRate: Double {
        goodCount == 0 ? 0 : answeredRate * Double(goodRowCount) / Double(goodCount)
    }
    package var failureShare: Double {
        let total = goodCount + failureCount
        return total == 0 ? 0 : Double(failureCount) / Double(total)
    }
    /// An important part of the latency is waiting for a free connection.
    package var isShortOfConnections: Bool {
        load.arrivals != .closed && sendDelay.at(99) > latency.at(99) / 10
            && sendDelay.at(99) > 1_000_000
            && sendDelay.at(99) > 2 * lag.at(99)
    }
    /// Share of one core the generator used.
    package var busyShare: Double { seconds > 0 ? Double(usage.total) / 1e9 / seconds : 0 }
    package var usagePerRequest: Double {
        sentCount == 0 ? 0 : Double(usage.total) / Double(sentCount)
    }
}
