extension Report {
    /// The result for a terminal.
    package func table() -> String {
        var lines: [String] = ["", "\(title)  →  \(url)"]
        if let search { lines += self.lines(of: search) }
        if entries.count == 1, let entry = entries.first {
            lines += self.lines(of: entry)
        } else {
            lines += sweepLines()
        }
        lines += verdictLines()
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: One run

    private func lines(of entry: Entry) -> [String] {
        let run = entry.measurement
        var lines = [loadLine(run), ""]
        lines.append("             " + Report.columns.map { Report.pad($0.name, 10) }.joined())
        lines.append(
            "  latency    " + Report.row(run.latency) + "   from the moment a request was due")
        lines.append("  service    " + Report.row(run.service) + "   from the moment it was sent")
        if run.load.arrivals != .closed {
            lines.append(
                "  sent late  " + Report.row(run.sendDelay)
                    + "   due, but not sent yet: no free connection, or the generator was late")
            lines.append(
                "  generator  " + Report.row(run.lag) + "   the generator's own part of that")
        }
        if run.isShortOfConnections {
            lines.append(
                "  all \(run.load.connections) connections were busy at times: requests waited here; --connections offers more at once"
            )
        }
        lines.append("")
        lines += rateLines(run) + failureLines(run) + stageLines(run) + serverLines(entry)
        lines += phaseLines(run) + repeatedMarkLines(run)
        lines.append(generatorLine(run))
        return lines
    }

    private static let columns: [(name: String, percentile: Double)] = [
        ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("max", 100),
    ]

    private static func row(_ histogram: LatencyHistogram) -> String {
        columns.map { pad(Quantity.duration(histogram.at($0.percentile)), 10) }.joined()
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }

    private func loadLine(_ run: Measurement) -> String {
        let seconds = Quantity.duration(UInt64(run.seconds * 1e9))
        let what =
            switch run.load.arrivals {
            case .closed: "closed loop"
            case .constant(let rate): "\(Quantity.three(rate)) requests/s, constant"
            case .poisson(let rate): "\(Quantity.three(rate)) requests/s, Poisson"
            }
        return
            "\(what), \(run.load.connections) connections, \(seconds) after \(Quantity.duration(run.load.warmUp)) of warm-up"
    }

    private func rateLines(_ run: Measurement) -> [String] {
        var text = "  answered   \(Quantity.three(run.answeredRate)) requests/s"
        if let asked = run.load.arrivals.rate { text += " of \(Quantity.three(asked)) asked" }
        if run.goodRowCount != run.goodCount { text += ", \(Quantity.three(run.rowRate)) rows/s" }
        text += "; \(Quantity.grouped(Double(run.goodCount))) right answers"
        var lines = [text]
        if run.load.idleConnections > 0 {
            lines.append(
                "  idle       \(run.idleLeft) of \(run.load.idleConnections) idle connections still open (\(run.idleOpened) were opened)"
            )
        }
        return lines
    }

    private func failureLines(_ run: Measurement) -> [String] {
        guard run.failureCount > 0 else { return ["  errors     none"] }
        var lines = [
            "  errors     \(Quantity.grouped(Double(run.failureCount))), \(Quantity.percent(run.failureShare)) of all"
        ]
        for failure in Failure.allCases {
            guard let count = run.failures[failure] else { continue }
            var detail = ""
            if failure == .status {
                detail =
                    ": "
                    + run.statuses.filter { $0.key < 200 || $0.key >= 300 }
                    .sorted { $0.key < $1.key }.map { "\($0.key) ×\($0.value)" }.joined(
                        separator: ", ")
            } else if failure == .connect, let reason = run.connectError {
                detail = ": " + reason
            }
            lines.append("    \(Quantity.grouped(Double(count))) \(failure.label)\(detail)")
            if failure == .status {
                lines += run.refusals.examples.map { "      \($0.status): \($0.text)" }
            }
        }
        return lines + run.wrongExamples.map { "      \($0)" }
    }

    private func stageLines(_ run: Measurement) -> [String] {
        guard !run.stages.isEmpty else { return [] }
        let inside = run.stages.reduce(0) { $0 + $1.durations.meanOrZero }
        let network = max(0, run.service.meanOrZero - inside)
        let parts = run.stages.map { "\($0.name) \(Quantity.duration($0.durations.meanOrZero))" }
        let tails = run.stages.map { "\($0.name) \(Quantity.duration($0.durations.at(99)))" }
        return [
            "  where      \(parts.joined(separator: ", ")), network and the rest \(Quantity.duration(network)) (means)",
            "             \(tails.joined(separator: ", ")) (p99)",
        ]
    }

    private func serverLines(_ entry: Entry) -> [String] {
        guard let server = entry.server else { return [] }
        var lines = server.batchMeans.map {
            "  batches    \($0.name): \(Quantity.three($0.mean)) on average, \(Quantity.grouped($0.count)) times"
        }
        if entry.measurement.stages.isEmpty {
            lines += server.durationMeans.map {
                "  metrics    \($0.name): \(Quantity.duration($0.mean * 1e9)) on average"
            }
        }
        guard !server.processes.isEmpty else { return lines }
        let cores = Double(server.usage) / 1e9 / max(server.seconds, 1e-9)
        let each = Double(server.usage) / Double(max(entry.measurement.wholeSentCount, 1))
        lines.append(
            "  server     \(Quantity.fixed(cores, 2)) cores, \(Quantity.duration(each)) of CPU per request, \(Quantity.bytes(Double(server.proportionalBytes))) of memory (PSS) in \(server.processes.count) processes"
        )
        for process in server.processes where server.processes.count > 1 {
            let share = Double(process.usage) / 1e9 / max(server.seconds, 1e-9)
            lines.append(
                "    \(process.member.processID) \(process.member.title): \(Quantity.fixed(share, 2)) cores, \(Quantity.bytes(Double(process.member.proportionalBytes)))"
            )
        }
        return lines
    }

    private func phaseLines(_ run: Measurement) -> [String] {
        guard run.phases.count > 1 else { return [] }
        var lines = ["  phases"]
        for phase in run.phases {
            let mark = run.marks.first { $0.at == phase.start && $0.command == phase.name }
            let outcome =
                mark.map { " (\($0.outcome.isEmpty ? "still running" : $0.outcome))" } ?? ""
            lines.append(
                "    \(Quantity.fixed(phase.start, 1))-\(Quantity.fixed(phase.end, 1)) s  p50 \(Quantity.duration(phase.latency.at(50)))  p99 \(Quantity.duration(phase.latency.at(99)))  max \(Quantity.duration(phase.latency.at(100)))  errors \(phase.failureCount)  \(phase.name)\(outcome)"
            )
        }
        return lines
    }

    /// Faults that came again and again: how often, and how they ended.
    private func repeatedMarkLines(_ run: Measurement) -> [String] {
        var counts: [String: Int] = [:]
        for mark in run.marks where !run.phases.contains(where: { $0.name == mark.command }) {
            counts[
                "\(mark.command) (\(mark.outcome.isEmpty ? "still running" : mark.outcome))",
                default: 0] += 1
        }
        return counts.sorted { $0.key < $1.key }.map { "  done       \($0.value) × \($0.key)" }
    }

    private func generatorLine(_ run: Measurement) -> String {
        var text =
            "  loadtest   \(Quantity.duration(run.usagePerRequest)) of CPU per request, \(Quantity.percent(run.busyShare)) of a core"
        if run.load.arrivals == .closed && run.busyShare > Validity.busyLimit {
            text += "; the generator was the limit: the server may carry more"
        }
        if run.stolen > 0.02 {
            text += "; this machine's host took \(Quantity.percent(run.stolen)) of its time away"
        }
        return text
    }

    // MARK: Search and sweep

    private func lines(of search: Search.Result) -> [String] {
        guard search.rate > 0 else {
            return ["", "  no rate holds \(objective?.description ?? "the objective")", ""]
        }
        let low = Quantity.grouped(search.interval.lowerBound)
        let high = Quantity.grouped(search.interval.upperBound)
        var lines = [
            "",
            "  holds \(objective?.description ?? "") up to \(Quantity.grouped(search.rate)) requests/s",
            "  95 % confidence \(low) to \(high), from \(search.estimates.count) estimates: "
                + search.estimates.map { Quantity.grouped($0) }.joined(separator: ", "),
        ]
        if let knee = search.knee {
            lines.append(
                "  the curve's knee is at \(Quantity.grouped(knee)) requests/s: latency grows quickly above it"
            )
        }
        if let limit = search.generatorLimit { lines.append("  at least: \(limit)") }
        if !entries.isEmpty { lines += ["", "  the highest rate that held, in detail:"] }
        return lines
    }

    private func sweepLines() -> [String] {
        guard let first = entries.first else { return [] }
        var lines = [""]
        let names = first.coordinates.map(\.name)
        let heads = names + ["answered/s", "rows/s", "p50", "p99", "p99.9", "max", "errors"]
        lines.append(heads.map { Report.pad($0, 12) }.joined())
        for entry in entries {
            let run = entry.measurement
            var cells = entry.coordinates.map { Quantity.grouped($0.value) }
            cells += [Quantity.three(run.answeredRate), Quantity.three(run.rowRate)]
            cells += [50, 99, 99.9, 100].map { Quantity.duration(run.latency.at($0)) }
            cells.append(Quantity.percent(run.failureShare))
            var line = cells.map { Report.pad($0, 12) }.joined()
            if case .invalid = entry.validity { line += "  INVALID" }
            if let objective, !objective.broken(by: run).isEmpty { line += "  broken" }
            lines.append(line)
        }
        return lines
    }

    // MARK: The verdict

    private func verdictLines() -> [String] {
        var lines = [""]
        for entry in entries {
            if case .invalid(let reason) = entry.validity {
                lines.append("INVALID: \(reason)")
                break
            }
        }
        if search == nil, let objective, entries.count == 1, let run = entries.first?.measurement {
            let broken = objective.broken(by: run)
            for clause in objective.clauses {
                lines.append(
                    "  \(broken.contains(clause) ? "BROKEN" : "held  ") \(clause), got \(objective.text(of: clause, in: run))"
                )
            }
        }
        if let wantedRate, let search {
            lines.append(
                "  \(search.rate >= wantedRate ? "held  " : "BROKEN") at least \(Quantity.grouped(wantedRate)) requests/s"
            )
        }
        if entries.contains(where: { $0.measurement.failures[.wrong] != nil }) {
            lines.append("WRONG ANSWERS: fast, but not right")
        } else if entries.contains(where: { $0.measurement.goodCount == 0 }) {
            lines.append("NO RIGHT ANSWER")
        }
        return lines.count == 1 ? [] : lines
    }
}

extension Objective {
    /// A clause's measured value with its unit.
    package func text(of clause: Clause, in measurement: Measurement) -> String {
        let value = value(of: clause, in: measurement)
        return switch clause.measure {
        case .rate: "\(Quantity.three(value))/s"
        case .failures: Quantity.percent(value)
        case .percentile, .longest, .mean: Quantity.duration(value)
        }
    }
}
