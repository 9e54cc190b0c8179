/// What the server itself tells about a run: its metrics and its processes, before and after.
package struct ServerSide: Sendable {
    /// Growth of the server's counters; empty when it has no metrics page.
    package var counters: [String: Double] = [:]
    package var means: [Prometheus.Mean] = []
    package var processes: [(member: ProcessTree.Member, usage: UInt64)] = []
    package var seconds = 0.0

    package var usage: UInt64 { processes.reduce(0) { $0 + $1.usage } }
    package var proportionalBytes: Int { processes.reduce(0) { $0 + $1.member.proportionalBytes } }

    /// How large the batches were, if the server counts them.
    package var batchMeans: [Prometheus.Mean] {
        means.filter { $0.name.contains("batch") && !$0.name.hasSuffix("_seconds") }
    }

    /// What took how long by the server's own histograms. Means in seconds.
    package var durationMeans: [Prometheus.Mean] { means.filter { $0.name.hasSuffix("_seconds") } }

    /// A look at the server now.
    package struct Look: Sendable {
        var metrics: Prometheus?
        var processes: ProcessTree?

        /// - Parameters:
        ///   - metricsPath: nil does not ask.
        ///   - processID: nil does not look.
        package init(_ endpoint: Endpoint, metricsPath: String?, processID: Int?) {
            if let metricsPath,
                let answer = try? Client(endpoint, timeoutSeconds: 2).get(metricsPath),
                answer.status == 200
            {
                let text = String(decoding: answer.body, as: UTF8.self)
                let page = Prometheus(text)
                if text.contains("# TYPE") || text.contains("# HELP") { metrics = page }
            }
            processes = processID.flatMap(ProcessTree.init(root:))
        }
    }

    package init(from before: Look, to after: Look, seconds: Double) {
        self.seconds = seconds
        if let page = after.metrics {
            counters = page.growth(since: before.metrics ?? Prometheus(""))
            means = Prometheus.means(counters)
        }
        if let tree = after.processes {
            processes = before.processes.map(tree.growth) ?? tree.members.map { ($0, $0.usage) }
        }
    }
}
