import Glibc
import Testing

@testable import ApusLoop

@Suite("Listening sockets")
struct ListeningSocketTests {
    /// What tcp(7) calls the socket's TCP_CONGESTION.
    static func congestionControl(_ descriptor: CInt) -> String {
        var name = [UInt8](repeating: 0, count: 16)  // TCP_CA_NAME_MAX
        var count = socklen_t(name.count)
        #expect(getsockopt(descriptor, CInt(IPPROTO_TCP), TCP_CONGESTION, &name, &count) == 0)
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }

    @Test("connections that stay on this machine have the simplest congestion control", arguments: [
        "127.0.0.1", "127.8.9.10", "::1",
    ])
    func loopback(_ host: String) throws {
        let listener = try ListeningSocket.tcp(host: host, port: 0)
        defer { close(listener) }
        #expect(Self.congestionControl(listener) == "reno")
    }

    @Test("only its user may connect to a Unix socket, whatever the folder allows")
    func mode() throws {
        let path = "/tmp/apus-mode-\(getpid())-\(UInt32.random(in: 0...(.max))).sock"
        let listener = try ListeningSocket.unix(path: path)
        defer {
            close(listener)
            unlink(path)
        }
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test("others have the machine's own", arguments: ["0.0.0.0", "::"])
    func any(_ host: String) throws {
        let plain = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let listener = try ListeningSocket.tcp(host: host, port: 0)
        defer {
            close(plain)
            close(listener)
        }
        #expect(Self.congestionControl(listener) == Self.congestionControl(plain))
    }
}
