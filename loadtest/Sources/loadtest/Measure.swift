import ArgumentParser
import LoadtestCore

/// The measuring command, which is the default.
struct Measure: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Sends load to a server and reports what it does.")

    @Argument(help: "http://HOST:PORT, with a path if need be, or unix:/path/to.sock.")
    var url: String

    @OptionGroup(title: "Load") var load: LoadOptions
    @OptionGroup(title: "Requests") var requests: RequestOptions
    @OptionGroup(title: "Answers") var answers: AnswerOptions
    @OptionGroup(title: "Search") var search: SearchOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        var options = Options()
        options.url = url
        options.arguments = Array(CommandLine.arguments.dropFirst())
        try load.apply(to: &options)
        try requests.apply(to: &options)
        try answers.apply(to: &options)
        try search.apply(to: &options)
        try server.apply(to: &options)
        output.apply(to: &options)
        let report = try Session(options).run()
        try report.write(options)
        throw ExitCode(report.exitStatus.rawValue)
    }

    /// What a scenario file may name; a test compares it with the help.
    static let optionNames: Set<String> = [
        "url", "rate", "poisson", "connections", "duration", "warm-up", "timeout", "churn", "idle",
        "seed",
        "model", "format", "rows", "data", "requests", "distinct", "mlmodel", "method", "body",
        "header",
        "gzip", "no-check", "golden", "write-golden", "compare", "tolerance", "allow-nonfinite",
        "slo",
        "expect-rate", "start-rate", "max-rate", "precision", "window", "repeats", "sweep",
        "max-lag",
        "pid", "metrics", "at", "every", "quiet", "json", "hdr", "csv", "html",
    ]
}
