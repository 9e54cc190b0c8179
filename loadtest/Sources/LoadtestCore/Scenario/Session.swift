import ApusLoop
import Glibc

/// One invocation: prepares the requests, runs what was asked, and makes the report.
package struct Session {
    private let options: Options
    private let endpoint: Endpoint
    private let hint: Discovery.Hint
    private let progress: Progress
    private var models: [ModelInfo] = []
    private var isPlain = false

    /// Looks at the server once.
    /// - Throws: a sentence when it cannot be reached, is not HTTP, or does not know the model.
    package init(_ options: Options) throws(UsageError) {
        self.options = options
        endpoint = try Endpoint(url: options.url)
        hint = Discovery.hint(path: endpoint.path)
        progress = Progress(isQuiet: options.isQuiet)
        SignalWatch.ignoreBrokenPipes()
        try raiseDescriptorLimit()
        try findModels()
    }

    package func run() throws(UsageError) -> Report {
        var report = Report(url: options.url, title: "", arguments: options.arguments)
        report.objective = options.objective
        report.wantedRate = options.wantedRate
        if let sweep = options.sweep {
            try self.sweep(sweep, &report)
        } else if let objective = options.objective, options.isSearch {
            try search(objective, &report)
        } else {
            let plan = try plan(rowCounts: options.rowCounts)
            report.title = plan.title
            progress.say("\(plan.title) → \(options.url)")
            report.entries = [try measure(plan, try load())]
        }
        progress.end()
        return report
    }

    // MARK: What is asked

    private mutating func findModels() throws(UsageError) {
        do throws(Client.Failure) {
            _ = try Client(endpoint).get(endpoint.path.isEmpty ? "/" : endpoint.path)
        } catch {
            throw error.usageError(endpoint)
        }
        let names = options.models.isEmpty ? hint.model.map { [$0] } : options.models.map(\.name)
        let asksPlain =
            options.method != nil || options.body != nil
            || (hint.isPlain && names == nil && options.format == nil)
        if asksPlain || (options.requestFile != nil && names == nil && options.format == nil) {
            isPlain = true
            return
        }
        if let file = options.mlmodel {
            models = [try ModelInfo(mlmodel: file, name: names?.first ?? "model")]
            return
        }
        models = try Discovery(endpoint, prefix: hint.prefix).models(names, version: hint.version)
        for index in models.indices where index < options.models.count {
            models[index].weight = options.models[index].weight
        }
        if models.isEmpty {
            guard options.format == nil, hint.format == nil else {
                throw UsageError(
                    "\(endpoint.authority) describes no model; name one with --model, or give --requests"
                )
            }
            isPlain = true
        }
    }

    private var format: RequestFormat {
        if let format = options.format ?? hint.format { return format }
        switch models.first?.source {
        case .tensorFlow: return .tfsRows
        case .mlmodel: return .mlflow
        case .openAPI: return .predict
        case .openInference, nil: return .v2
        }
    }

    private func plan(rowCounts: [Int]) throws(UsageError) -> RequestPlan {
        var wire = RequestPlan.Wire(authority: endpoint.authority)
        wire.usesGzip = options.usesGzip
        wire.headers = options.headers
        var plan: RequestPlan
        if let file = options.requestFile {
            let path = models.first.map {
                format.path(prefix: hint.prefix, model: $0, isOnlyModel: models.count == 1)
            }
            plan = try RequestPlan(
                file: file, path: path ?? (endpoint.path.isEmpty ? "/" : endpoint.path),
                format: models.isEmpty ? nil : format, model: models.first, wire: wire)
        } else if isPlain {
            let body = try options.body.map { (text) throws(UsageError) -> [UInt8] in
                text.hasPrefix("@")
                    ? try TextFile.bytes(String(text.dropFirst())) : Array(text.utf8)
            }
            plan = RequestPlan(
                plain: options.method ?? (body == nil ? "GET" : "POST"), endpoint.path,
                body: body ?? [],
                wire: wire)
        } else {
            plan = try RequestPlan(
                models: models, format: format, prefix: hint.prefix, rowCounts: rowCounts,
                count: options.distinctCount, filling: options.filling, seed: options.load.seed,
                wire: wire)
        }
        try addGolden(to: &plan)
        return plan
    }

    private func addGolden(to plan: inout RequestPlan) throws(UsageError) {
        var answers: [JSON]?
        if let file = options.goldenFile {
            answers = try Golden.read(file, count: plan.requests.count)
        } else if let url = options.compareURL {
            answers = try Golden.ask(try Endpoint(url: url), plan)
        }
        if let file = options.goldenOutput {
            try Golden.write(try Golden.ask(endpoint, plan), to: file)
        }
        guard let answers else { return }
        for index in answers.indices { plan.expectations[index].golden = answers[index] }
    }

    // MARK: Running

    private func load() throws(UsageError) -> Load {
        var load = options.load
        load.connections = options.connections ?? load.connections
        switch options.rate {
        case .perSecond(let rate): load.arrivals = arrivals(rate)
        case .timesCapacity(let times):
            let rate = try Limits.check(
                rate: times * (try capacity()), "--rate \(times)x of the capacity")
            load.arrivals = arrivals(rate)
        case nil:
            load.arrivals = options.connections == nil ? arrivals(Session.defaultRate) : .closed
        }
        return load
    }

    private static let defaultRate = 100.0

    private func arrivals(_ rate: Double) -> Load.Arrivals {
        options.isPoisson ? .poisson(perSecond: rate) : .constant(perSecond: rate)
    }

    /// What a closed loop gets from the server: the measure of `--rate 3x`.
    private func capacity() throws(UsageError) -> Double {
        var load = options.load
        load.connections = options.connections ?? load.connections
        load.arrivals = .closed
        load.warmUp = 500_000_000
        load.duration = 2_000_000_000
        load.idleConnections = 0
        progress.say("measuring the capacity in a closed loop")
        let rate = try run(plan(rowCounts: options.rowCounts), load, faults: [], isShown: false)
            .answeredRate
        guard rate > 0 else {
            throw UsageError(
                "\(endpoint.authority) gives no good answer, so no multiple of its capacity is known"
            )
        }
        progress.say("capacity: \(Quantity.grouped(rate)) requests/s")
        return rate
    }

    /// One run, with what the server itself tells about it.
    private func measure(
        _ plan: RequestPlan, _ load: Load, isShown: Bool = true
    ) throws(UsageError) -> Report.Entry {
        let path = options.metricsPath
        let before = ServerSide.Look(endpoint, metricsPath: path, processID: options.processID)
        let started = Loop.nanoseconds
        let measurement = try run(plan, load, faults: options.faults, isShown: isShown)
        let seconds = Double(Loop.nanoseconds - started) / 1e9
        let after = ServerSide.Look(endpoint, metricsPath: path, processID: options.processID)
        let server = ServerSide(from: before, to: after, seconds: seconds)
        return Report.Entry(
            measurement: measurement, server: server,
            validity: Validity(measurement, lagLimit: options.lagLimit))
    }

    private func run(
        _ plan: RequestPlan, _ load: Load, faults: [Run.Fault], isShown: Bool
    ) throws(UsageError) -> Measurement {
        let rule = ModelRule(
            plan.expectations, tolerance: options.tolerance,
            allowsNonFinite: options.allowsNonFinite)
        let check =
            options.checksAnswers && plan.canCheck
            ? AnswerCheck(rule, requestCount: plan.requests.count) : nil
        let environment = options.processID.map { ["LOADTEST_PID": "\($0)"] } ?? [:]
        do throws(UVError) {
            let run = try Run(
                endpoint: endpoint, requests: RequestSet(plan.requests), load: load, check: check,
                faults: faults.filter { $0.at < load.duration }, environment: environment,
                onInterval: isShown ? { progress.show($0, $1) } : nil)
            return try run.measure()
        } catch {
            throw UsageError("cannot run: \(error)")
        }
    }

    // MARK: Search and sweep

    private func search(_ objective: Objective, _ report: inout Report) throws(UsageError) {
        let plan = try plan(rowCounts: options.rowCounts)
        report.title = plan.title
        progress.say("\(plan.title) → \(options.url): searching the highest rate with \(objective)")
        var best: (rate: Double, entry: Report.Entry)?
        var last: Report.Entry?
        var search = Search(options.search, onPoint: progress.show) {
            (rate) throws(SearchFailure) in
            var entry: Report.Entry
            do throws(UsageError) {
                entry = try measure(plan, windowLoad(rate), isShown: false)
            } catch {
                throw SearchFailure(error.description)
            }
            entry.validity = .valid  // what the generator spoilt is tried again
            last = entry
            let window = Search.Window(
                entry.measurement, objective, lagLimit: options.lagLimit ?? Validity.lagLimit)
            if window == .held, rate >= best?.rate ?? 0 { best = (rate, entry) }
            return (window, entry.measurement)
        }
        let result: Search.Result
        do throws(SearchFailure) {
            result = try search.run()
        } catch {
            throw UsageError(error.description)
        }
        report.search = result
        if let entry = best?.entry ?? last { report.entries = [entry] }
    }

    private func windowLoad(_ rate: Double) -> Load {
        var load = options.load
        load.connections = options.connections ?? load.connections
        load.arrivals = arrivals(rate)
        load.warmUp = min(options.window / 4, 500_000_000)
        load.duration = options.window
        load.drain = min(load.timeout, 1_000_000_000)
        load.backlogLimit = max(load.connections * 4, Int(rate))
        return load
    }

    private func sweep(_ sweep: Sweep, _ report: inout Report) throws(UsageError) {
        let rowCounts = sweep.rowCounts.isEmpty ? [nil] : sweep.rowCounts.map { Int?.some($0) }
        let connections =
            sweep.connections.isEmpty ? [nil] : sweep.connections.map { Int?.some($0) }
        let rates = sweep.rates.isEmpty ? [nil] : sweep.rates.map { Double?.some($0) }
        for rows in rowCounts {
            let plan = try plan(rowCounts: rows.map { [$0] } ?? options.rowCounts)
            report.title = plan.title
            for count in connections {
                for rate in rates {
                    var load = try self.load()
                    if let count {
                        load.connections = count
                        if rate == nil && options.rate == nil { load.arrivals = .closed }
                    }
                    if let rate { load.arrivals = arrivals(rate) }
                    var entry = try measure(plan, load)
                    if let rate { entry.coordinates.append(("rate", rate)) }
                    if let rows { entry.coordinates.append(("rows", Double(rows))) }
                    if let count { entry.coordinates.append(("connections", Double(count))) }
                    report.entries.append(entry)
                    progress.show(entry)
                }
            }
        }
    }

    // MARK: The process

    /// Each connection is a descriptor: takes as many as the system allows.
    private func raiseDescriptorLimit() throws(UsageError) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(resource, &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
        let most = max(
            options.connections ?? options.load.connections, options.sweep?.connections.max() ?? 0)
        let wanted = most + options.load.idleConnections + 64
        guard UInt64(wanted) <= UInt64(limit.rlim_cur) else {
            throw UsageError(
                "\(wanted) connections need more descriptors than the system allows (\(limit.rlim_cur)); raise it with ulimit -Hn"
            )
        }
    }
}
