import ApusAdmin
import ArgumentParser
import Glibc

/// `apus reload`: looks for new versions of the models, without losing a request.
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load new model files and the configuration again, without losing a request.")

    @Flag(help: "Wait until the new models serve, or until one was refused; the exit status then is 77.")
    var wait = false

    @Flag(help: "Take new models even if clients of the serving ones cannot go on with them; see `apus diff`.")
    var allowSchemaChange = false

    @OptionGroup var server: RunningServer

    /// A large model takes minutes to load and test.
    private static let patience = (noWaiting: 10, waiting: 3600)

    func run() throws {
        let client = try server.client()
        let patience = wait ? Self.patience.waiting : Self.patience.noWaiting
        let words = ["reload"] + (wait ? ["wait"] : []) + (allowSchemaChange ? ["allow-schema-change"] : [])
        let answer = try server.ask(words.joined(separator: " "), client, within: patience)
        writeText(String(decoding: answer, as: UTF8.self), to: STDOUT_FILENO)
    }
}
