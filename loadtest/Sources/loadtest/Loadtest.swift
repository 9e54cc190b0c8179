import ArgumentParser
import Glibc
import LoadtestCore

/// `loadtest URL …` measures; `loadtest compare A B` compares two results.
@main
struct Loadtest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadtest",
        abstract: "Measures a model server: latency that hides nothing, the limit, right answers.",
        version: Report.version, subcommands: [Measure.self, Compare.self],
        defaultSubcommand: Measure.self)

    /// A scenario's options are put before the user's own. Every mistake is one sentence and exit code 2.
    static func main() {
        do {
            let words = try ScenarioWords.expand(Array(CommandLine.arguments.dropFirst()))
            var command = try parseAsRoot(words)
            try command.run()
        } catch let error as UsageError {
            fail(error.description)
        } catch let status as ArgumentParser.ExitCode {
            Glibc.exit(status.rawValue)
        } catch {
            if exitCode(for: error) == .success { exit(withError: error) }
            fail(message(for: error))
        }
    }

    private static func fail(_ sentence: String) -> Never {
        let line = sentence.split(separator: "\n").first.map(String.init) ?? sentence
        TextFile.put("loadtest: \(line)\n", on: 2)
        Glibc.exit(ExitStatus.usage.rawValue)
    }
}

/// `loadtest compare A.json B.json`
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says which differences between two results are larger than noise.")

    @Argument(help: "A result written by --json.")
    var before: String

    @Argument(help: "Another one.")
    var after: String

    func run() throws {
        let comparison = try Comparison(before, after)
        TextFile.put(comparison.table(), on: 1)
        if comparison.hasWorsened { throw ExitCode(ExitStatus.broken.rawValue) }
    }
}
