import ApusAdmin
import ApusConfiguration
import ApusLog
import ArgumentParser
import Glibc

/// `apus status`: what the running server does.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show what the running server does.")

    @Flag(help: "Print the supervisor's JSON as it is.")
    var json = false

    @OptionGroup var server: RunningServer

    func run() throws {
        let client = try server.client()
        let answer = try server.ask("status", client, within: 5)
        guard !json else { return writeText(String(decoding: answer, as: UTF8.self), to: STDOUT_FILENO) }
        do {
            writeText(try StatusReport(answer, from: client.socket).table, to: STDOUT_FILENO)
        } catch {
            throw Failure(.protocolBroken, error.description)
        }
    }
}

/// Which running server a command is about.
struct RunningServer: ParsableArguments {
    @Option(
        name: .customLong(Key.runtimeDirectory.name),
        help: ArgumentHelp("The server's runtime directory, if several run.", valueName: "DIR"))
    var runtimeDirectory: String?

    func client() throws -> AdminClient {
        do {
            let search = ServerSearch(environment: processEnvironment())
            return AdminClient(runtimeDirectory: try search.runtimeDirectory(flag: runtimeDirectory))
        } catch {
            throw Failure(.unavailable, error.description)
        }
    }

    func ask(_ question: String, _ client: AdminClient, within seconds: Int) throws -> [UInt8] {
        do {
            return try client.ask(question, within: seconds)
        } catch {
            switch error {
            case .refused: throw Failure(.refused, error.description)
            case .brokenAnswer: throw Failure(.protocolBroken, error.description)
            case .unreachable, .noServer, .severalServers: throw Failure(.unavailable, error.description)
            }
        }
    }
}
