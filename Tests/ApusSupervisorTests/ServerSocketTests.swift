import ApusLoop
import Glibc
import Testing

@testable import ApusSupervisor

@Suite("Server socket")
struct ServerSocketTests {
    private typealias Passed = ServiceEnvironment.PassedSocket

    private static func open(
        _ host: String = "127.0.0.1", _ port: UInt16 = 0, _ passed: [Passed] = []
    ) throws(SupervisorStartError) -> ServerSocket {
        try ServerSocket.open(host: host, port: port, passed: passed)
    }

    @Test("without a service manager it is bound here")
    func bound() throws {
        let socket = try Self.open()
        defer { close(socket.descriptor) }
        #expect(socket.origin == .bound)
        #expect(socket.host == "127.0.0.1")
        #expect(socket.port != 0)
        #expect(!socket.replacesKept)
    }

    @Test("a socket unit's socket is taken, whatever address is configured, and no child inherits it")
    func activated() throws {
        let passed = try ListeningSocket.tcp(host: "::1", port: 0)
        defer { close(passed) }
        _ = fcntl(passed, F_SETFD, 0)
        let socket = try Self.open("127.0.0.1", 1, [Passed(descriptor: passed, name: "apus.socket")])
        #expect(socket.descriptor == passed)
        #expect(socket.origin == .activated)
        #expect(socket.host == "::1")
        #expect(try socket.port == ListeningSocket.boundPort(passed))
        #expect(fcntl(passed, F_GETFD, 0) == FD_CLOEXEC)
    }

    @Test("a stored socket is taken back when it is where we are to listen", arguments: [true, false])
    func kept(isAnyPort: Bool) throws {
        let stored = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        defer { close(stored) }
        let port = try isAnyPort ? 0 : ListeningSocket.boundPort(stored)
        let socket = try Self.open("127.0.0.1", port, [Passed(descriptor: stored, name: ServerSocket.storedName)])
        #expect(socket.descriptor == stored)
        #expect(socket.origin == .kept)
        #expect(!socket.replacesKept)
    }

    @Test("a stored socket of another address is closed, and forgotten")
    func moved() throws {
        let stored = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        let socket = try Self.open("127.0.0.2", 0, [Passed(descriptor: stored, name: ServerSocket.storedName)])
        defer { close(socket.descriptor) }
        #expect(socket.origin == .bound)
        #expect(socket.host == "127.0.0.2")
        #expect(socket.replacesKept)
    }

    @Test("a socket unit wins over what is stored")
    func both() throws {
        let stored = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        let passed = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        defer { close(passed) }
        let socket = try Self.open(
            "127.0.0.1", 0,
            [
                Passed(descriptor: stored, name: ServerSocket.storedName),
                Passed(descriptor: passed, name: "apus.socket"),
            ])
        #expect(socket.descriptor == passed)
        #expect(socket.replacesKept)
    }

    @Test("two sockets of a socket unit are refused by their names")
    func several() throws {
        let error = #expect(throws: SupervisorStartError.self) {
            try Self.open("127.0.0.1", 0, [Passed(descriptor: 3, name: "a"), Passed(descriptor: 4, name: "b")])
        }
        #expect(error?.description == "2 sockets were passed by LISTEN_FDS (a, b); apus listens on one")
    }

    @Test("what does not listen on TCP is refused by its name", arguments: ["file", "unconnected", "nothing"])
    func refuses(_ kind: String) throws {
        let descriptor =
            switch kind {
            case "file": Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
            case "unconnected": socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            default: CInt(1 << 20)
            }
        defer { close(descriptor) }
        let error = #expect(throws: SupervisorStartError.self) {
            try Self.open("127.0.0.1", 0, [Passed(descriptor: descriptor, name: "odd")])
        }
        #expect(error?.description.contains("\"odd\"") == true)
    }
}
