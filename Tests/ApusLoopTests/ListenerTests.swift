import Glibc
import LoopTesting
import Testing

@testable import ApusLoop

@Suite("Listener and Connector")
struct ListenerTests {
    enum Address: String, CaseIterable, CustomTestStringConvertible {
        case ipv4 = "127.0.0.1"
        case ipv6 = "::1"
        case unix

        var testDescription: String { rawValue }
    }

    /// A listening socket and the way to connect to it.
    private struct Place {
        let descriptor: CInt
        let isUnix: Bool
        let connect: (Loop, @escaping (Result<Stream, UVError>) -> Void) throws -> Void

        init(_ address: Address) throws {
            switch address {
            case .ipv4, .ipv6:
                descriptor = try ListeningSocket.tcp(host: address.rawValue, port: 0)
                isUnix = false
                let port = try ListeningSocket.boundPort(descriptor)
                connect = { try Connector.connect(host: address.rawValue, port: port, on: $0, onResult: $1) }
            case .unix:
                let path = "/tmp/apus-loop-\(getpid())-\(UInt32.random(in: 0...(.max))).sock"
                descriptor = try ListeningSocket.unix(path: path)
                isUnix = true
                connect = {
                    try Connector.connect(path: path, on: $0, onResult: $1)
                    unlink(path)
                }
            }
        }
    }

    @Test("a connection carries bytes both ways", arguments: Address.allCases)
    func connects(_ address: Address) throws {
        try withLoop { loop in
            let place = try Place(address)
            var server: RecordedStream?
            var client: RecordedStream?
            let listener = try Listener(
                descriptor: place.descriptor, isUnix: place.isUnix, on: loop
            ) { listener in
                server = (try? listener.accept()).map { RecordedStream($0) }
            }
            try place.connect(loop) { client = (try? $0.get()).map { RecordedStream($0) } }
            try loop.run(until: "both ends are there") { server != nil && client != nil }
            client?.stream.disableNagle()
            try client?.send([1, 2])
            try server?.send([3])
            try loop.run(until: "both have read") {
                server?.recorder.received == [1, 2] && client?.recorder.received == [3]
            }
            for stream in [server, client] { stream?.stream.close() }
            listener.close()
            listener.close()
        }
    }

    @Test("while a connection is not accepted no other is announced; then each is, in turn")
    func holdsBack() throws {
        try withLoop { loop in
            let place = try Place(.ipv4)
            var announced = 0
            let listener = try Listener(descriptor: place.descriptor, isUnix: false, on: loop) { _ in
                announced += 1
            }
            var clients: [Stream] = []
            for _ in 0..<3 {
                try place.connect(loop) { if case .success(let stream) = $0 { clients.append(stream) } }
            }
            try loop.run(until: "all are connected") { clients.count == 3 && announced > 0 }
            for count in 1...3 {
                try loop.run(until: "one more is announced") { announced == count }
                try listener.accept().close()
            }
            let error = #expect(throws: UVError.self) { try listener.accept() }
            #expect(error?.errno == EAGAIN)
            clients.forEach { $0.close() }
            listener.close()
        }
    }

    @Test("where nobody listens, the reason is reported")
    func refused() throws {
        try withLoop { loop in
            let descriptor = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
            let port = try ListeningSocket.boundPort(descriptor)
            SocketPair.close(descriptor)
            var reasons: [CInt] = []
            let note: (Result<Stream, UVError>) -> Void = {
                if case .failure(let error) = $0 { reasons.append(error.errno) }
            }
            try Connector.connect(host: "127.0.0.1", port: port, on: loop, onResult: note)
            try loop.run(until: "TCP is refused") { reasons == [ECONNREFUSED] }
            try Connector.connect(path: "/tmp/apus-nobody-\(getpid())", on: loop, onResult: note)
            try loop.run(until: "the path is not there") { reasons == [ECONNREFUSED, ENOENT] }
        }
    }

    @Test("a path that a socket's address cannot hold is refused at once, not cut")
    func longPath() throws {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        try withLoop { loop in
            let error = #expect(throws: UVError.self) {
                try Connector.connect(path: path, on: loop) { _ in }
            }
            #expect(error?.errno == ENAMETOOLONG)
        }
        let error = #expect(throws: UVError.self) { try ListeningSocket.unix(path: path) }
        #expect(error?.errno == ENAMETOOLONG)
    }

    @Test("a port that is taken is an error with its reason")
    func taken() throws {
        let descriptor = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        defer { SocketPair.close(descriptor) }
        let port = try ListeningSocket.boundPort(descriptor)
        let error = #expect(throws: UVError.self) {
            try ListeningSocket.tcp(host: "127.0.0.1", port: port)
        }
        #expect(error?.errno == EADDRINUSE)
    }

    @Test("only numeric addresses are taken", arguments: ["localhost", "", "127.0.0", "1.2.3.4.5", "::g"])
    func numeric(_ host: String) {
        let error = #expect(throws: UVError.self) { try SocketAddress(host: host, port: 1) }
        #expect(error?.errno == EINVAL)
    }

    @Test("what is no socket cannot be listened on")
    func noSocket() throws {
        try withLoop { loop in
            let descriptor = open("/dev/null", O_RDONLY)
            defer { close(descriptor) }
            #expect(throws: UVError.self) {
                try Listener(descriptor: descriptor, isUnix: false, on: loop) { _ in }
            }
        }
    }
}
