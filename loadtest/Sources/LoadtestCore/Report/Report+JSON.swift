extension Report {
    /// All numbers, for programs. Durations are microseconds, times seconds from the start of the
    /// reported part.
    package func json() -> JSON {
        var members: [JSON.Member] = [
            .init("loadtest", .string(Report.version)),
            .init("url", .string(url)),
            .init("title", .string(title)),
            .init("arguments", .array(arguments.map(JSON.string))),
            .init(
                "machine",
                [
                    "processor": .string(machine.processor), "cores": JSON(machine.coreCount),
                    "kernel": .string(machine.kernel),
                ]),
            .init("exit", JSON(Int(exitStatus.rawValue))),
        ]
        if let objective { members.append(.init("slo", .string(objective.description))) }
        if let search { members.append(.init("search", Report.json(search))) }
        members.append(.init("runs", .array(entries.map(json))))
        return .object(members)
    }

    static func microseconds(_ nanoseconds: Double) -> JSON {
        .number(Quantity.fixed(nanoseconds / 1e3, 3))
    }

    static func microseconds(_ nanoseconds: UInt64) -> JSON { microseconds(Double(nanoseconds)) }

    private static func number(_ value: Double) -> JSON { .number(Quantity.fixed(value, 4)) }

    private static func json(_ histogram: LatencyHistogram) -> JSON {
        [
            "count": JSON(Int(histogram.totalCount)), "mean_us": microseconds(histogram.meanOrZero),
            "min_us": microseconds(histogram.at(0)), "p50_us": microseconds(histogram.at(50)),
            "p75_us": microseconds(histogram.at(75)), "p90_us": microseconds(histogram.at(90)),
            "p95_us": microseconds(histogram.at(95)), "p99_us": microseconds(histogram.at(99)),
            "p99_9_us": microseconds(histogram.at(99.9)),
            "p99_99_us": microseconds(histogram.at(99.99)),
            "max_us": microseconds(histogram.at(100)),
        ]
    }

    private func json(_ entry: Entry) -> JSON {
        let run = entry.measurement
        var members: [JSON.Member] = []
        if !entry.coordinates.isEmpty {
            members.append(
                .init(
                    "sweep",
                    .object(entry.coordinates.map { .init($0.name, Report.number($0.value)) })))
        }
        switch entry.validity {
        case .valid: members.append(.init("valid", true))
        case .invalid(let reason):
            members += [.init("valid", false), .init("invalid_because", .string(reason))]
        }
        members += Report.load(run) + Report.counts(run)
        members += [
            .init("latency", Report.json(run.latency)), .init("service", Report.json(run.service)),
            .init("send_delay", Report.json(run.sendDelay)),
            .init("generator_lag", Report.json(run.lag)),
            .init(
                "generator",
                [
                    "cpu_us_per_request": Report.microseconds(run.usagePerRequest),
                    "user_us_per_request": Report.microseconds(
                        Double(run.usage.user) / Double(max(run.sentCount, 1))),
                    "core_share": Report.number(run.busyShare),
                    "stolen_share": Report.number(run.stolen),
                ]),
            .init("phases", .array(run.phases.map(Report.json))),
            .init(
                "marks",
                .array(
                    run.marks.map { mark in
                        [
                            "at_s": Report.number(mark.at), "command": .string(mark.command),
                            "outcome": .string(mark.outcome),
                        ]
                    })),
            .init("stages", .object(run.stages.map { .init($0.name, Report.json($0.durations)) })),
            .init("intervals", .array(run.intervals.map { Report.json($0, run.windowStart) })),
        ]
        if let server = entry.server { members.append(.init("server", Report.json(server))) }
        return .object(members)
    }

    private static func load(_ run: Measurement) -> [JSON.Member] {
        let kind =
            switch run.load.arrivals {
            case .closed: "closed"
            case .constant: "constant"
            case .poisson: "poisson"
            }
        return [
            .init("arrivals", .string(kind)),
            .init("asked_per_s", run.load.arrivals.rate.map(number) ?? .null),
            .init("connections", JSON(run.load.connections)),
            .init("seconds", number(run.seconds)),
            .init("warm_up_s", number(Double(run.load.warmUp) / 1e9)),
            .init("seed", .number(String(run.load.seed))),
            .init("started_at", number(run.startedAt)),
        ]
    }

    private static func counts(_ run: Measurement) -> [JSON.Member] {
        [
            .init("answered_per_s", number(run.answeredRate)),
            .init("rows_per_s", number(run.rowRate)),
            .init("due", JSON(run.dueCount)), .init("good", JSON(run.goodCount)),
            .init("failed", JSON(run.failureCount)),
            .init(
                "failures",
                .object(
                    Failure.allCases.compactMap { failure in
                        run.failures[failure].map { .init(failure.key, JSON($0)) }
                    })),
            .init(
                "statuses",
                .object(
                    run.statuses.sorted { $0.key < $1.key }.map {
                        .init(String($0.key), JSON($0.value))
                    })),
            .init("wrong_examples", .array(run.wrongExamples.map(JSON.string))),
            .init(
                "refusal_examples",
                .object(run.refusals.examples.map { .init(String($0.status), .string($0.text)) })),
            .init("read_bytes", JSON(run.readByteCount)),
            .init("connections_opened", JSON(run.connectionsOpened)),
            .init("idle_opened", JSON(run.idleOpened)), .init("idle_left", JSON(run.idleLeft)),
        ]
    }

    private static func json(_ phase: Measurement.Phase) -> JSON {
        [
            "name": .string(phase.name), "start_s": number(phase.start), "end_s": number(phase.end),
            "failed": JSON(phase.failureCount), "latency": json(phase.latency),
        ]
    }

    private static func json(_ interval: Interval, _ start: UInt64) -> JSON {
        let from = Double(Int64(bitPattern: interval.start &- start)) / 1e9
        return [
            "start_s": number(from), "seconds": number(interval.seconds),
            "due": JSON(interval.dueCount),
            "answered": JSON(interval.goodCount),
            "failed": JSON(interval.failureCount),
            "p50_us": microseconds(interval.histogram.at(50)),
            "p99_us": microseconds(interval.histogram.at(99)),
            "max_us": microseconds(interval.histogram.longest), "drain": .bool(interval.isDrain),
        ]
    }

    private static func json(_ server: ServerSide) -> JSON {
        [
            "seconds": number(server.seconds), "cpu_us": microseconds(server.usage),
            "pss_bytes": JSON(server.proportionalBytes),
            "processes": .array(
                server.processes.map { process in
                    [
                        "pid": JSON(process.member.processID),
                        "title": .string(process.member.title),
                        "cpu_us": microseconds(process.usage),
                        "pss_bytes": JSON(process.member.proportionalBytes),
                    ]
                }),
            "means": .object(
                server.means.map {
                    .init($0.name, ["count": number($0.count), "mean": JSON($0.mean)])
                }),
            "counters": .object(
                server.counters.sorted { $0.key < $1.key }.map { .init($0.key, JSON($0.value)) }),
        ]
    }

    private static func json(_ search: Search.Result) -> JSON {
        [
            "rate_per_s": number(search.rate),
            "confidence_95": [
                number(search.interval.lowerBound), number(search.interval.upperBound),
            ],
            "estimates": .array(search.estimates.map(number)),
            "knee_per_s": search.knee.map(number) ?? .null,
            "generator_limit": search.generatorLimit.map(JSON.string) ?? .null,
            "points": .array(
                search.points.map { point in
                    [
                        "rate_per_s": number(point.rate), "held": .bool(point.held),
                        "reason": .string(point.reason),
                        "answered_per_s": number(point.answeredRate),
                        "mean_us": microseconds(point.mean), "p50_us": microseconds(point.p50),
                        "p99_us": microseconds(point.p99),
                        "failed_share": number(point.failureShare),
                    ]
                }),
        ]
    }
}
