extension Report {
    /// One page with everything in it, to be opened from disk without a network.
    package func html() -> String {
        var body = "<h1>\(HTML.escape(title))</h1>"
        let when = entries.first.map { HTML.moment($0.measurement.startedAt) } ?? ""
        body += "<p class=\"sub\">\(HTML.escape(url)) · \(when)</p>"
        body += verdictHTML()
        if let search { body += html(search) }
        if entries.count > 1 { body += sweepHTML() }
        if entries.count == 1, let entry = entries.first { body += html(entry) }
        body += footerHTML()
        return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
            + "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
            + "<title>\(HTML.escape(title)) · loadtest</title><style>\(HTML.style)</style></head>"
            + "<body><main>\(body)</main></body></html>\n"
    }

    // MARK: The verdict

    private func verdictHTML() -> String {
        let isGood = exitStatus == .held
        var sentences: [String] = []
        for entry in entries {
            if case .invalid(let reason) = entry.validity {
                sentences.append("Invalid: \(reason).")
                break
            }
        }
        if let search {
            let range =
                "\(Quantity.grouped(search.interval.lowerBound)) to \(Quantity.grouped(search.interval.upperBound))"
            sentences.append(
                search.rate > 0
                    ? "Holds \(objective?.description ?? "") up to \(Quantity.grouped(search.rate)) requests per second (95 % confidence: \(range))."
                    : "No rate holds \(objective?.description ?? "the objective").")
        } else if let objective, entries.count == 1, let run = entries.first?.measurement {
            let broken = objective.broken(by: run)
            for clause in objective.clauses {
                sentences.append(
                    "\(broken.contains(clause) ? "Broken" : "Held"): \(clause), got \(objective.text(of: clause, in: run))."
                )
            }
        }
        if entries.contains(where: { $0.measurement.failures[.wrong] != nil }) {
            sentences.append("Some answers were wrong.")
        }
        guard !sentences.isEmpty else { return "" }
        return
            "<div class=\"verdict\(isGood ? "" : " bad")\">\(sentences.map(HTML.escape).joined(separator: "<br>"))</div>"
    }

    // MARK: One run

    private func html(_ entry: Entry) -> String {
        let run = entry.measurement
        var cards = [
            card(Quantity.three(run.answeredRate) + "/s", answeredLabel(run)),
            card(Quantity.duration(run.latency.at(50)), "median latency"),
            card(Quantity.duration(run.latency.at(99)), "99th percentile"),
            card(Quantity.duration(run.latency.at(100)), "longest"),
            card(Quantity.percent(run.failureShare), "errors (\(run.failureCount))"),
        ]
        if run.goodRowCount != run.goodCount {
            cards.append(card(Quantity.three(run.rowRate) + "/s", "rows"))
        }
        var body = "<div class=\"cards\">\(cards.joined())</div>"
        body += latencyChart(run) + percentileChart(run) + rateChart(run) + failureChart(run)
        body += phaseTable(run) + stageTable(entry) + serverTable(entry) + latencyTable(run)
        return body
    }

    private func card(_ value: String, _ label: String) -> String {
        "<div class=\"card\"><b>\(HTML.escape(value))</b><span>\(HTML.escape(label))</span></div>"
    }

    private func answeredLabel(_ run: Measurement) -> String {
        run.load.arrivals.rate.map { "answered, of \(Quantity.three($0))/s asked" }
            ?? "answered, closed loop"
    }

    private func seconds(_ moment: UInt64, _ run: Measurement) -> Double {
        Double(Int64(bitPattern: moment &- run.windowStart)) / 1e9
    }

    private func middle(_ interval: Interval, _ run: Measurement) -> Double {
        max(0, (seconds(interval.start, run) + seconds(interval.end, run)) / 2)
    }

    private func faultMarks(_ run: Measurement) -> [HTMLChart.Mark] {
        let limit = 34
        return run.marks.map { mark in
            let isPhase = run.phases.contains { $0.name == mark.command && $0.start == mark.at }
            let text =
                mark.command.count > limit
                ? mark.command.prefix(limit - 1) + "…" : mark.command[...]
            return HTMLChart.Mark(x: mark.at, label: isPhase ? String(text) : "")
        }
    }

    private func latencyChart(_ run: Measurement) -> String {
        func line(_ name: String, _ style: String, _ value: (SparseHistogram) -> UInt64)
            -> HTMLChart.Series
        {
            HTMLChart.Series(
                name: name, style: style,
                points: run.intervals
                    .filter { $0.histogram.totalCount > 0 }
                    .map { (middle($0, run), Double(value($0.histogram))) })
        }
        return HTMLChart(
            title: "Latency over time",
            note:
                "Counted from the moment a request was due, by the second in which its answer came or it was given up.",
            series: [
                line("max", "c") { $0.longest }, line("p99", "b") { $0.at(99) },
                line("p50", "a") { $0.at(50) },
            ], marks: faultMarks(run), xLabel: "seconds", yScale: .logarithmic,
            xText: { Quantity.fixed($0, $0 == $0.rounded() ? 0 : 1) },
            yText: { Quantity.duration($0) }
        ).html()
    }

    private func percentileChart(_ run: Measurement) -> String {
        func line(_ name: String, _ style: String, _ histogram: LatencyHistogram)
            -> HTMLChart.Series
        {
            var points: [(x: Double, y: Double)] = []
            guard histogram.totalCount > 0 else {
                return HTMLChart.Series(name: name, style: style, points: [])
            }
            var odds = 1.0
            while odds <= Double(max(histogram.totalCount, 10)) {
                points.append((odds, Double(histogram.at(100 - 100 / odds))))
                odds *= 1.12
            }
            points.append((Double(histogram.totalCount), Double(histogram.at(100))))
            return HTMLChart.Series(name: name, style: style, points: points)
        }
        var lines = [line("latency, from the due time", "b", run.latency)]
        if run.load.arrivals != .closed {
            lines.append(line("service, from the send", "a", run.service))
        }
        return HTMLChart(
            title: "Latency by percentile", series: lines, xLabel: "percentile",
            xScale: .logarithmic, yScale: .logarithmic,
            xText: { odds in
                switch odds {
                case ..<1.5: "0"
                case ..<5: "50"
                default: Quantity.trimmed(100 - 100 / odds)
                }
            }, yText: { Quantity.duration($0) },
            xTicks: [1, 2, 10, 100, 1000, 10_000, 100_000, 1_000_000]
        ).html()
    }

    private func rateChart(_ run: Measurement) -> String {
        let whole = run.intervals.filter { $0.seconds > 0.5 && !$0.isDrain }
        var lines = [
            HTMLChart.Series(
                name: "answered", style: "a",
                points: whole.map { (middle($0, run), $0.answeredRate) })
        ]
        if let asked = run.load.arrivals.rate, let first = whole.first, let last = whole.last {
            lines.append(
                HTMLChart.Series(
                    name: "asked", style: "soft",
                    points: [
                        (middle(first, run), asked), (middle(last, run), asked),
                    ]))
        }
        return HTMLChart(
            title: "Rate", series: lines, marks: faultMarks(run), xLabel: "seconds",
            xText: { Quantity.fixed($0, $0 == $0.rounded() ? 0 : 1) },
            yText: { Quantity.grouped($0) + "/s" }
        ).html()
    }

    private func failureChart(_ run: Measurement) -> String {
        guard run.failureCount > 0 else { return "" }
        let kinds = Failure.allCases.compactMap { failure in
            run.failures[failure].map { "\($0) \(failure.label)" }
        }
        return HTMLChart(
            title: "Errors", note: kinds.joined(separator: ", "),
            series: [
                HTMLChart.Series(
                    name: "per second", style: "bad",
                    points: run.intervals
                        .filter { $0.seconds > 0.5 }.map {
                            (middle($0, run), Double($0.failureCount) / $0.seconds)
                        })
            ],
            marks: faultMarks(run), xLabel: "seconds",
            xText: { Quantity.fixed($0, $0 == $0.rounded() ? 0 : 1) }, yText: { Quantity.three($0) }
        ).html()
    }

    // MARK: Tables

    private func phaseTable(_ run: Measurement) -> String {
        guard run.phases.count > 1 else { return "" }
        return "<h2>Between the faults</h2>"
            + HTML.table(
                ["from", "seconds", "p50", "p99", "max", "answers", "errors"],
                run.phases.map { phase in
                    [
                        phase.name,
                        "\(Quantity.fixed(phase.start, 1))-\(Quantity.fixed(phase.end, 1))",
                        Quantity.duration(phase.latency.at(50)),
                        Quantity.duration(phase.latency.at(99)),
                        Quantity.duration(phase.latency.at(100)), "\(phase.goodCount)",
                        "\(phase.failureCount)",
                    ]
                })
    }

    private func stageTable(_ entry: Entry) -> String {
        let run = entry.measurement
        guard !run.stages.isEmpty else { return "" }
        let inside = run.stages.reduce(0) { $0 + $1.durations.meanOrZero }
        var rows = run.stages.map { stage in
            [
                stage.name, Quantity.duration(stage.durations.meanOrZero),
                Quantity.duration(stage.durations.at(50)),
                Quantity.duration(stage.durations.at(99)),
            ]
        }
        rows.append([
            "network and the rest", Quantity.duration(max(0, run.service.meanOrZero - inside)), "",
            "",
        ])
        return "<h2>Where the time goes</h2>" + HTML.table(["stage", "mean", "p50", "p99"], rows)
    }

    private func serverTable(_ entry: Entry) -> String {
        guard let server = entry.server else { return "" }
        var body = ""
        if !server.batchMeans.isEmpty {
            body +=
                "<h2>Batches</h2>"
                + HTML.table(
                    ["measure", "mean", "times"],
                    server.batchMeans.map {
                        [$0.name, Quantity.three($0.mean), Quantity.grouped($0.count)]
                    })
        }
        guard !server.processes.isEmpty else { return body }
        return body + "<h2>The server's processes</h2>"
            + HTML.table(
                ["process", "cores", "memory (PSS)"],
                server.processes.map { process in
                    [
                        "\(process.member.processID) \(process.member.title)",
                        Quantity.fixed(Double(process.usage) / 1e9 / max(server.seconds, 1e-9), 2),
                        Quantity.bytes(Double(process.member.proportionalBytes)),
                    ]
                })
    }

    private func latencyTable(_ run: Measurement) -> String {
        let percentiles: [Double] = [50, 75, 90, 95, 99, 99.9, 99.99, 100]
        func row(_ name: String, _ histogram: LatencyHistogram) -> [String] {
            [name] + percentiles.map { Quantity.duration(histogram.at($0)) }
        }
        var rows = [row("latency", run.latency), row("service", run.service)]
        if run.load.arrivals != .closed {
            rows += [row("sent late", run.sendDelay), row("generator's part", run.lag)]
        }
        let head = [""] + percentiles.map { $0 == 100 ? "max" : "p" + Quantity.trimmed($0) }
        return "<h2>Numbers</h2>" + HTML.table(head, rows)
    }

    // MARK: Search and sweep

    private func html(_ search: Search.Result) -> String {
        func dots(_ held: Bool) -> [(x: Double, y: Double)] {
            search.points.filter { $0.held == held && $0.p99 > 0 }.map { ($0.rate, Double($0.p99)) }
                .sorted { $0.x < $1.x }
        }
        var marks: [HTMLChart.Mark] = []
        if search.rate > 0 {
            marks.append(
                HTMLChart.Mark(x: search.rate, label: "limit \(Quantity.grouped(search.rate))/s"))
        }
        return HTMLChart(
            title: "The search",
            note: search.knee.map {
                "The curve's knee is at \(Quantity.grouped($0)) requests per second."
            } ?? "",
            series: [
                HTMLChart.Series(
                    name: "p99 of a try that held", style: "a", points: dots(true), isScatter: true),
                HTMLChart.Series(
                    name: "that broke", style: "bad", points: dots(false), isScatter: true),
            ], marks: marks, xLabel: "requests per second", xScale: .logarithmic,
            yScale: .logarithmic,
            xText: { Quantity.grouped($0) }, yText: { Quantity.duration($0) }
        ).html()
    }

    private func sweepHTML() -> String {
        let names = entries.first?.coordinates.map(\.name) ?? []
        let head = names + ["answered/s", "rows/s", "p50", "p99", "max", "errors"]
        let rows = entries.map { entry in
            let run = entry.measurement
            return entry.coordinates.map { Quantity.grouped($0.value) } + [
                Quantity.three(run.answeredRate), Quantity.three(run.rowRate),
                Quantity.duration(run.latency.at(50)), Quantity.duration(run.latency.at(99)),
                Quantity.duration(run.latency.at(100)), Quantity.percent(run.failureShare),
            ]
        }
        let chart = HTMLChart(
            title: "p99 against rate", series: sweepSeries(),
            xLabel: "answered requests per second",
            yScale: .logarithmic, xText: { Quantity.grouped($0) }, yText: { Quantity.duration($0) })
        return chart.html() + "<h2>All combinations</h2>" + HTML.table(head, rows)
    }

    /// One line for each combination of rows and connections; along it the rate grows.
    private func sweepSeries() -> [HTMLChart.Series] {
        let styles = ["a", "b", "c", "good", "bad", "soft"]
        var series: [HTMLChart.Series] = []
        for entry in entries {
            let fixed = entry.coordinates.filter { $0.name != "rate" }
            let rest = fixed.map { "\($0.name) \(Quantity.grouped($0.value))" }.joined(
                separator: ", ")
            let name = rest.isEmpty || fixed.count == entry.coordinates.count ? "p99" : rest
            let point = (
                x: entry.measurement.answeredRate, y: Double(entry.measurement.latency.at(99))
            )
            if let index = series.firstIndex(where: { $0.name == name }) {
                series[index].points.append(point)
            } else {
                let style = styles[series.count % styles.count]
                series.append(HTMLChart.Series(name: name, style: style, points: [point]))
            }
        }
        for index in series.indices { series[index].points.sort { $0.x < $1.x } }
        return series
    }

    private func footerHTML() -> String {
        var text =
            "loadtest \(Report.version) · \(machine.coreCount) cores, \(machine.processor), Linux \(machine.kernel)"
        if let run = entries.first?.measurement {
            text +=
                " · generator \(Quantity.duration(run.usagePerRequest)) of CPU per request, seed \(run.load.seed)"
        }
        return
            "<footer>\(HTML.escape(text))<br>loadtest \(HTML.escape(arguments.joined(separator: " ")))</footer>"
    }
}
