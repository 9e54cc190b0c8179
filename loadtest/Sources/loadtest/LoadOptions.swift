import ArgumentParser
import LoadtestCore

struct LoadOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Requests per second, whatever the server does: an open loop. Or 3x: three times what a closed loop gets.",
            valueName: "rate"))
    var rate: Rate?

    @Flag(help: "Requests come at random (Poisson), not evenly.")
    var poisson = false

    @Option(
        help:
            "Connections. Without --rate and --slo a closed loop: each sends its next request when it has its answer."
    )
    var connections: Int?

    @Option(help: ArgumentHelp("How long the reported part is. (default: 10s)", valueName: "time"))
    var duration: Span?

    @Option(
        help: ArgumentHelp("Load before it that is not reported. (default: 1s)", valueName: "time"))
    var warmUp: Span?

    @Option(
        help: ArgumentHelp("When a request counts as failed. (default: 10s)", valueName: "time"))
    var timeout: Span?

    @Option(help: "Close each connection after so many answers.")
    var churn: Int = 0

    @Option(help: "Connections to hold open beside the load, sending nothing.")
    var idle: Int = 0

    @Option(help: "Seed of everything random.")
    var seed: UInt64 = 1

    func apply(to options: inout Options) throws(UsageError) {
        options.rate = try rate?.checked()
        options.isPoisson = poisson
        if let connections {
            options.connections = try Limits.check(
                connections, in: Limits.connectionCount, "--connections \(connections)")
        }
        guard churn >= 0 else { throw UsageError("--churn cannot be negative") }
        try Limits.check(idle, in: 0...Limits.connectionCount.upperBound, "--idle \(idle)")
        if let duration { options.load.duration = duration.nanoseconds }
        if let warmUp { options.load.warmUp = warmUp.nanoseconds }
        if let timeout {
            options.load.timeout = timeout.nanoseconds
            options.load.drain = timeout.nanoseconds
        }
        guard options.load.duration > 0, options.load.timeout > 0 else {
            throw UsageError("--duration and --timeout have to be more than 0")
        }
        options.load.requestsPerConnection = churn
        options.load.idleConnections = idle
        options.load.seed = seed
    }
}

struct RequestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The model to ask; repeat for a mix, NAME=WEIGHT.", valueName: "name"))
    var model: [WeightedModel] = []

    @Option(help: ArgumentHelp("\(RequestFormat.list).", valueName: "format"))
    var format: RequestFormat?

    @Option(
        help: ArgumentHelp(
            "Rows per request; 1,8,32 takes them in turn.", valueName: "rows"))
    var rows: String = "1"

    @Option(help: "Values of the requests: random or zeros.")
    var data: Payload.Filling = .random

    @Option(
        help: ArgumentHelp("JSON lines: bodies, or records of a payload log.", valueName: "file"))
    var requests: String?

    @Option(help: "How many different requests are made up.")
    var distinct: Int = 64

    @Option(
        help: ArgumentHelp("Take the inputs from this MLmodel file's signature.", valueName: "file")
    )
    var mlmodel: String?

    @Option(help: "The method of a plain request.")
    var method: String?

    @Option(help: ArgumentHelp("The body of a plain request; @FILE reads it.", valueName: "text"))
    var body: String?

    @Option(help: ArgumentHelp("A further header field, 'Name: value'.", valueName: "field"))
    var header: [String] = []

    @Flag(help: "Send gzip bodies and take gzip answers.")
    var gzip = false

    func apply(to options: inout Options) throws(UsageError) {
        options.models = model.map { ($0.name, $0.weight) }
        options.format = format
        options.rowCounts = try rows.split(separator: ",", omittingEmptySubsequences: false).map {
            (text) throws(UsageError) in
            try Limits.check(Int(text), in: Limits.rowCount, "--rows \(text)")
        }
        options.filling = data
        options.requestFile = requests
        options.distinctCount = try Limits.check(
            distinct, in: 1...100_000, "--distinct \(distinct)")
        options.mlmodel = mlmodel
        options.method = method
        options.body = body
        for field in header
        where !field.contains(":") || field.contains("\n") || field.contains("\r") {
            throw UsageError("--header '\(field)' is not 'Name: value'")
        }
        if let field = header.first(where: RequestPlan.Wire.isFraming) {
            throw UsageError("--header '\(field)': the body's own length is sent")
        }
        options.headers = header
        options.usesGzip = gzip
    }
}

struct AnswerOptions: ParsableArguments {
    @Flag(help: "Look at the status only.")
    var noCheck = false

    @Option(
        help: ArgumentHelp(
            "JSON lines: the expected answers, one for each request.", valueName: "file"))
    var golden: String?

    @Option(
        help: ArgumentHelp("Write the server's answers as such a file first.", valueName: "file"))
    var writeGolden: String?

    @Option(help: ArgumentHelp("Expect the answers that this server gives.", valueName: "url"))
    var compare: String?

    @Option(help: "How far a number may be off, absolute; and ten times that relative.")
    var tolerance: Double?

    @Flag(help: "NaN and Infinity are no errors.")
    var allowNonfinite = false

    func apply(to options: inout Options) throws(UsageError) {
        options.checksAnswers = !noCheck
        options.goldenFile = golden
        options.goldenOutput = writeGolden
        options.compareURL = compare
        if let tolerance {
            guard tolerance >= 0 else { throw UsageError("--tolerance cannot be negative") }
            options.tolerance = Tolerance(absolute: tolerance, relative: tolerance * 10)
        }
        options.allowsNonFinite = allowNonfinite
        guard golden == nil || compare == nil else {
            throw UsageError("--golden and --compare both say what is right; give one")
        }
    }
}
