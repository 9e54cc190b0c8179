import ArgumentParser
import LoadtestCore

struct SearchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "'p99<20ms,errors<0.1%': search the highest rate that holds it; with --rate, a gate. errors<1% unless it says otherwise.",
            valueName: "objective"))
    var slo: String?

    @Option(
        help: ArgumentHelp(
            "The search has to find at least this rate, else exit 1.", valueName: "rate"))
    var expectRate: Number?

    @Option(help: ArgumentHelp("Where the search begins. (default: 50)", valueName: "rate"))
    var startRate: Number?

    @Option(help: ArgumentHelp("Where it ends at the latest. (default: 1M)", valueName: "rate"))
    var maxRate: Number?

    @Option(
        help: ArgumentHelp(
            "How near the search comes to the limit. (default: 2%)", valueName: "share"))
    var precision: Share?

    @Option(
        help: ArgumentHelp("How long each try of a search is. (default: 2s)", valueName: "time"))
    var window: Span?

    @Option(help: "How many estimates a search makes.")
    var repeats: Int = 3

    @Option(
        help: ArgumentHelp(
            "Run every combination: 'rate=100,200;rows=1,8;connections=16,64'.", valueName: "grid"))
    var sweep: String?

    @Option(
        help: ArgumentHelp(
            "How late the generator itself may be, at p99. (default: 5ms or a tenth of the latency's)",
            valueName: "time"))
    var maxLag: Span?

    func apply(to options: inout Options) throws(UsageError) {
        options.objective = try slo.map { (text) throws(UsageError) in try Objective(text) }
        options.wantedRate = expectRate?.value
        if let startRate {
            options.search.startRate = try Limits.check(
                rate: startRate.value, "--start-rate \(startRate.text)")
        }
        if let maxRate {
            options.search.highestRate = try Limits.check(
                rate: maxRate.value, "--max-rate \(maxRate.text)")
        }
        if let precision { options.search.precision = precision.value }
        if let window { options.window = max(window.nanoseconds, 100_000_000) }
        options.search.repeats = try Limits.check(repeats, in: 1...100, "--repeats \(repeats)")
        options.search.startRate = min(options.search.startRate, options.search.highestRate)
        options.sweep = try sweep.map { (text) throws(UsageError) in try Sweep(text) }
        if let maxLag { options.lagLimit = maxLag.nanoseconds }
    }
}

struct ServerOptions: ParsableArguments {
    @Option(
        help:
            "The server's process on this machine: reports CPU and memory of it and all it started."
    )
    var pid: Int?

    @Option(
        help: ArgumentHelp(
            "The path of the server's metrics; none does not ask.", valueName: "path"))
    var metrics: String = "/metrics"

    @Option(
        help: ArgumentHelp(
            "'5s: COMMAND' runs a command at that time; not in a search.", valueName: "fault"))
    var at: [String] = []

    @Option(
        help: ArgumentHelp(
            "'1s: COMMAND' runs it again and again; not in a search.", valueName: "fault"))
    var every: [String] = []

    func apply(to options: inout Options) throws(UsageError) {
        if let pid {
            guard ProcessTree(root: pid) != nil else {
                throw UsageError("--pid \(pid) is not the number of a process on this machine")
            }
            options.processID = pid
        }
        options.metricsPath = metrics == "none" ? nil : metrics
        for text in at { options.faults.append(try fault(text, "--at", in: options)) }
        for text in every {
            let fault = try fault(text, "--every", in: options)
            guard fault.at >= 1_000_000 else {
                throw UsageError("--every '\(text)' is more often than each millisecond")
            }
            for time in stride(from: fault.at, to: options.load.duration, by: Int(fault.at)) {
                options.faults.append(
                    Run.Fault(at: time, command: fault.command, startsPhase: false))
            }
        }
    }

    /// - Throws: for what cannot be read, and for a moment that the run does not have.
    private func fault(
        _ text: String, _ option: String, in options: Options
    ) throws(UsageError) -> Run.Fault {
        guard !options.isSearch else {
            throw UsageError(
                "\(option) '\(text)' is for one run, and --slo without --rate makes many to find a rate; give --rate too, or leave \(option) out"
            )
        }
        let fault = try Run.Fault(text, option: option)
        guard fault.at < options.load.duration else {
            throw UsageError(
                "\(option) '\(text)' is after the end of the run, which is \(Quantity.duration(options.load.duration)) long"
            )
        }
        return fault
    }
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "No progress.")
    var quiet = false

    @Option(help: ArgumentHelp("Write all numbers; - is standard output.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Write HdrHistogram's interval log.", valueName: "file"))
    var hdr: String?

    @Option(help: ArgumentHelp("Write the time series.", valueName: "file"))
    var csv: String?

    @Option(help: ArgumentHelp("Write a page with the curves.", valueName: "file"))
    var html: String?

    @Option(
        help: ArgumentHelp(
            "Take options from this YAML file; those given beside it win.", valueName: "file"))
    var scenario: String?

    func apply(to options: inout Options) {
        options.isQuiet = quiet
        options.jsonFile = json
        options.histogramFile = hdr
        options.csvFile = csv
        options.htmlFile = html
    }
}
