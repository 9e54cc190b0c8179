import ApusLog
import ApusWire
import ArgumentParser
import Glibc

/// The command line.
struct Apus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Serves machine-learning models over HTTP from a pool of forked worker processes.",
        version: ApusVersion.text,
        subcommands: [Serve.self, Status.self, Reload.self, Inspect.self, Diff.self, Check.self])

    /// Runs the command that the process was started with, and ends the process.
    ///
    /// Whatever goes wrong is told on standard error in sentences, each on a line after `apus: `;
    /// the exit status is that of `ExitStatus`.
    static func run() -> Never {
        do {
            var command = try parseAsRoot()
            try command.run()
            Glibc.exit(ExitStatus.ok.rawValue)
        } catch let failure as Failure {
            for sentence in failure.sentences { writeText("apus: \(sentence)\n", to: STDERR_FILENO) }
            Glibc.exit(failure.status.rawValue)
        } catch {
            leave(error)
        }
    }

    /// `--help` and `--version` are errors to ArgumentParser too, but successful ones.
    private static func leave(_ error: any Error) -> Never {
        guard exitCode(for: error).isSuccess else {
            writeText("apus: \(message(for: error))\n", to: STDERR_FILENO)
            Glibc.exit(ExitStatus.usage.rawValue)
        }
        writeText(fullMessage(for: error) + "\n", to: STDOUT_FILENO)
        Glibc.exit(ExitStatus.ok.rawValue)
    }
}

/// Why a command ends without having done what was asked.
struct Failure: Error {
    let status: ExitStatus
    /// Each complete, without a full stop.
    let sentences: [String]

    init(_ status: ExitStatus, _ sentences: String...) {
        self.init(status, sentences)
    }

    init(_ status: ExitStatus, _ sentences: [String]) {
        self.status = status
        self.sentences = sentences
    }
}

/// Writes all of `text`, or as much as whoever reads it takes.
func writeText(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return }
        rest = rest.dropFirst(written)
    }
}

/// The variables of this process.
func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
        let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
        next += 1
    }
    return variables
}
