extension Report {
    /// The time series of each run, a line for each interval. Durations are microseconds; `drain` is 1
    /// for what came after the reported part.
    package func csv() -> String {
        var lines = [
            "run,start_s,seconds,asked_per_s,due,answered,failed,p50_us,p90_us,p99_us,p99_9_us,max_us,drain"
        ]
        for (number, entry) in entries.enumerated() {
            let run = entry.measurement
            let asked = run.load.arrivals.rate.map { Quantity.fixed($0, 3) } ?? ""
            for interval in run.intervals {
                let from = Double(Int64(bitPattern: interval.start &- run.windowStart)) / 1e9
                let times = [50, 90, 99, 99.9, 100].map {
                    Quantity.fixed(Double(interval.histogram.at($0)) / 1e3, 3)
                }
                lines.append(
                    "\(number),\(Quantity.fixed(from, 3)),\(Quantity.fixed(interval.seconds, 3)),\(asked),"
                        + "\(interval.dueCount),\(interval.goodCount),\(interval.failureCount),"
                        + times.joined(separator: ",") + (interval.isDrain ? ",1" : ",0"))
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
