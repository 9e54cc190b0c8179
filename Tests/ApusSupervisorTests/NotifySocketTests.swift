import ApusLoop
import Glibc
import Testing

@testable import ApusSupervisor

/// A service manager's end: it reads what a service says.
private final class Listening {
    private let descriptor: CInt

    /// - Parameter address: as `NOTIFY_SOCKET` has it.
    init(_ text: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(text.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let byteCount = socklen_t(2 + bytes.count)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, byteCount) }
        }
        try #require(code == 0)
    }

    deinit { close(descriptor) }

    /// The next message and the descriptor that came with it.
    func read() -> (text: String, passed: CInt?) {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var control = [UInt8](repeating: 0, count: 64)
        var message = msghdr()
        let count = bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    return recvmsg(descriptor, &message, CInt(MSG_DONTWAIT))
                }
            }
        }
        let passed = control.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: CInt.self) }
        return (String(decoding: bytes.prefix(max(0, count)), as: UTF8.self), message.msg_controllen > 0 ? passed : nil)
    }
}

@Suite("Notify socket")
struct NotifySocketTests {
    private let folder = TemporaryFolder()

    @Test("a message arrives whole, by a path and by an abstract name", arguments: [true, false])
    func arrives(isAbstract: Bool) throws {
        folder.make()
        let address = isAbstract ? "@apus-test-\(folder.path)" : "\(folder.path)/notify"
        let manager = try Listening(address)
        let socket = try #require(NotifySocket(address: address))
        defer { socket.close() }
        #expect(socket.send("READY=1\nSTATUS=x\n") == .sent)
        #expect(manager.read().text == "READY=1\nSTATUS=x\n")
    }

    @Test("a listening socket goes along, and is the same socket")
    func passes() throws {
        folder.make()
        let manager = try Listening("\(folder.path)/notify")
        let socket = try #require(NotifySocket(address: "\(folder.path)/notify"))
        let listener = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        defer {
            socket.close()
            close(listener)
        }
        #expect(socket.send("FDSTORE=1\n", passing: listener) == .sent)
        let received = try #require(manager.read().passed)
        defer { close(received) }
        #expect(received != listener)
        #expect(try ListeningSocket.boundPort(received) == ListeningSocket.boundPort(listener))
    }

    @Test("a service manager that does not read does not hold us up")
    func full() throws {
        folder.make()
        let manager = try Listening("\(folder.path)/notify")
        let socket = try #require(NotifySocket(address: "\(folder.path)/notify"))
        defer { socket.close() }
        var outcome = NotifySocket.Outcome.sent
        for _ in 0..<100_000 where outcome == .sent { outcome = socket.send("WATCHDOG=1\n") }
        #expect(outcome == .full)
        #expect(manager.read().text == "WATCHDOG=1\n")
        #expect(socket.send("READY=1\n") == .sent)
    }

    @Test("one that is not there is an error, and nothing worse")
    func absent() throws {
        let socket = try #require(NotifySocket(address: "\(folder.path)/nobody"))
        defer { socket.close() }
        #expect(socket.send("READY=1\n") == .failed(ENOENT))
    }
}
