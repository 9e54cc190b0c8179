/// The metrics in Prometheus' text format 0.0.4 ("Exposition formats"): a family after the other,
/// each with its help, its type and its series in the order of their labels. The same sums give the
/// same bytes.
///
/// Serve it as `text/plain; version=0.0.4; charset=utf-8`.
package struct PrometheusText {
    private let totals: MetricsTotals
    private let build: String
    /// `model="iris",version="3"` for each model in order, made once for all the lines that have
    /// it.
    private let modelLabels: [[UInt8]]
    private let poolLabels: [[UInt8]]
    // The bounds of histograms, with what stands behind them in a bucket's line.
    private static let durationBounds = (0..<DurationBuckets.count).map { index -> [UInt8] in
        index == DurationBuckets.count - 1
            ? Array("+Inf\"} ".utf8)
            : text {
                $0.append(DurationBuckets.bounds[index], per: 1_000_000_000)
                $0.append("\"} ")
            }
    }
    private static let rowBounds = (0..<RowBuckets.count).map { index -> [UInt8] in
        RowBuckets.bound(index).map { bound in
            text {
                $0.append(decimal: bound)
                $0.append("\"} ")
            }
        } ?? Array("+Inf\"} ".utf8)
    }

    /// - Parameter build: this program's version.
    package init(_ totals: MetricsTotals, build: String) {
        self.totals = totals
        self.build = build
        modelLabels = totals.models.map { Self.labels($0.key) }
        poolLabels = totals.pools.map { Self.labels($0.key) }
    }

    /// Appends the whole text.
    package func write(into bytes: inout [UInt8]) {
        var sink = TextSink()
        writeRequests(into: &sink)
        writeDurations(into: &sink)
        writeModels(into: &sink)
        writeProcesses(into: &sink)
        writeParseErrors(into: &sink)
        writePools(into: &sink)
        writeFeatures(into: &sink)
        writeSupervisor(into: &sink)
        bytes.append(contentsOf: sink.bytes)
    }

    private static func labels(_ key: ModelKey) -> [UInt8] {
        text {
            $0.append("model=\"")
            $0.append(label: key.name)
            $0.append("\",version=\"")
            $0.append(decimal: key.version)
            $0.append("\"")
        }
    }

    private static func text(_ write: (inout TextSink) -> Void) -> [UInt8] {
        var sink = TextSink()
        write(&sink)
        return Array(sink.bytes)
    }
}

// MARK: - What requests count

extension PrometheusText {
    private func writeRequests(into sink: inout TextSink) {
        sink.family(
            "apus_requests_total", .counter,
            "Requests answered; no model: no inference on a known model.")
        write(totals.requests, Array("model=\"\",version=\"\"".utf8), into: &sink)
        for (model, labels) in zip(totals.models, modelLabels) {
            write(model.requests, labels, into: &sink)
        }
    }

    private func write(
        _ requests: [RequestKey: UInt64], _ labels: [UInt8], into sink: inout TextSink
    ) {
        for (key, count) in requests.sorted(by: { $0.key.bits < $1.key.bits }) {
            guard key != .other || count > 0 else { continue }
            sink.append("apus_requests_total{")
            sink.append(labels)
            sink.append(",protocol=\"")
            sink.append((key.servingProtocol ?? .other).label)
            sink.append("\",code=\"")
            sink.append(code: UInt64(key.status))
            sink.append("\"} ")
            sink.endLine(count)
        }
    }

    private func writeDurations(into sink: inout TextSink) {
        for family in MetricFamily.durations {
            sink.family(family)
            for (model, labels) in zip(totals.models, modelLabels) {
                let words = model.values[family.field...family.field + DurationBuckets.count]
                sink.histogram(
                    family.name, labels, words, Self.durationBounds, unitsPerOne: 1_000_000_000)
            }
        }
        let family = MetricFamily.batchRows
        sink.family(family)
        for (model, labels) in zip(totals.models, modelLabels) {
            let words = model.values[family.field...family.field + RowBuckets.count]
            sink.histogram(family.name, labels, words, Self.rowBounds, unitsPerOne: 1)
        }
    }

    private func writeModels(into sink: inout TextSink) {
        sink.family("apus_executions_total", .counter, "Runs of a model.")
        for (model, labels) in zip(totals.models, modelLabels) {
            let runs = model.count(ModelField.batchRows, buckets: RowBuckets.count)
            sink.series("apus_executions_total", labels, runs)
        }
        for family in MetricFamily.models {
            sink.family(family)
            for (model, labels) in zip(totals.models, modelLabels) {
                sink.series(family.name, labels, model.values[family.field])
            }
        }
    }
}

// MARK: - What processes count

extension PrometheusText {
    private func writeProcesses(into sink: inout TextSink) {
        for family in MetricFamily.processes {
            sink.family(family)
            sink.series(family.name, totals.process[family.field])
        }
    }

    private func writeParseErrors(into sink: inout TextSink) {
        sink.family(
            "apus_http_parse_errors_total", .counter,
            "Requests refused as HTTP, by the status given.")
        for (status, count) in totals.parseErrors.sorted(by: { $0.key < $1.key }) {
            guard status != 0 || count > 0 else { continue }
            sink.append("apus_http_parse_errors_total{code=\"")
            sink.append(code: status)
            sink.append("\"} ")
            sink.endLine(count)
        }
    }

    /// A version that is gone has no gauges any more, but its counters stay.
    private func writePools(into sink: inout TextSink) {
        writeWorkers(into: &sink)
        for family in MetricFamily.pools {
            sink.family(family)
            for (pool, labels) in zip(totals.pools, poolLabels)
            where family.type == .counter || isPresent(pool.values) {
                sink.series(family.name, labels, pool.values[family.field])
            }
        }
    }

    private func writeWorkers(into sink: inout TextSink) {
        sink.family("apus_workers", .gauge, "Workers by what they do now.")
        for (pool, labels) in zip(totals.pools, poolLabels) where isPresent(pool.values) {
            for state in WorkerState.allCases {
                sink.append("apus_workers{")
                sink.append(labels)
                sink.append(",state=\"")
                sink.append(state.label)
                sink.append("\"} ")
                sink.endLine(pool.values[PoolField.workers(state)])
            }
        }
    }

    /// A version that is served, or whose last workers drain.
    private func isPresent(_ pool: [UInt64]) -> Bool {
        pool[PoolField.isServed] != 0
            || WorkerState.allCases.contains { pool[PoolField.workers($0)] != 0 }
    }

    private func writeFeatures(into sink: inout TextSink) {
        guard !totals.outOfRange.isEmpty else { return }
        sink.family(
            "apus_feature_out_of_range_total", .counter,
            "Values outside of the range or the categories that the schema names.")
        for (key, count) in totals.outOfRange.sorted(by: { $0.key < $1.key }) {
            sink.append("apus_feature_out_of_range_total{")
            sink.append(Self.labels(key.model))
            sink.append(",feature=\"")
            sink.append(label: key.feature)
            sink.append("\"} ")
            sink.endLine(count)
        }
    }

    private func writeSupervisor(into sink: inout TextSink) {
        for family in MetricFamily.supervisor {
            sink.family(family)
            sink.series(family.name, totals.supervisor[family.field])
        }
        sink.family("apus_start_time_seconds", .gauge, "When the server started, as Unix time.")
        sink.append("apus_start_time_seconds ")
        sink.append(totals.supervisor[SupervisorField.startedAt], per: 1000)
        sink.append("\n")
        sink.family("apus_build_info", .gauge, "The version of the program that answers.")
        sink.append("apus_build_info{version=\"")
        sink.append(label: build)
        sink.append("\"} 1\n")
    }
}
