import ApusConfiguration
import ApusLog
import ArgumentParser
import Glibc

/// `apus check`: what a configuration file comes to.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration file, and print what it comes to.",
        discussion: """
            Variables count too, as they do for `apus serve`. The output is a configuration file itself; a comment \
            says where each value comes from.
            """)

    @Argument(help: ArgumentHelp("The configuration file.", valueName: "FILE"))
    var file: String?

    @Flag(help: .hidden)
    var keys = false

    @Flag(help: .hidden)
    var exitStatuses = false

    func run() throws {
        if keys { return writeText(KeyTable.markdown, to: STDOUT_FILENO) }
        if exitStatuses { return writeText(ExitStatus.markdown, to: STDOUT_FILENO) }
        var sources = ConfigurationSources()
        sources.configurationFile = file
        sources.environment = processEnvironment()
        sources.mustServe = false
        do {
            writeText(try sources.resolve().text, to: STDOUT_FILENO)
        } catch {
            throw Failure(.usage, error.all.map(\.description))
        }
    }
}
