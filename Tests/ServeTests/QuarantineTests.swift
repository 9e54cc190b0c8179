import Foundation
import Testing

extension ServeTests {
    @Suite("A request over which workers die")
    struct QuarantineTests {
        static let path = "/v2/models/slow/infer"
        static let poison = Fixture.turns(Fixture.forever)

        @Test("it costs two workers, however often it is sent, in all proxies, and then it is refused")
        func refused() throws {
            let server = try TestServer(
                Fixture.slow, "--workers", "1", "--proxies", "2", "--quarantine", "600000")
            let mark = server.log.mark
            let first = try server.connect()
            try first.request("POST", Self.path, body: Self.poison)
            for _ in 0..<8 { try server.connect().settle() }
            try crash(server)
            // The same request from others, while it is tried again: they wait for what becomes of it.
            let others = try (0..<6).map { _ in try server.connect() }
            for other in others { try other.request("POST", Self.path, body: Self.poison) }
            for _ in 0..<8 { try server.connect().settle() }
            #expect(others.allSatisfy { !$0.hasNews } && !first.hasNews)
            try crash(server)
            #expect(try first.read().status == 500)
            for other in others {
                let answer = try other.read()
                #expect(answer.status == 422)
                #expect(answer.error?.contains("two workers") == true)
            }
            try server.log.wait(for: "told of a request that is refused", since: mark)
            for _ in 0..<8 {
                #expect(try server.ask("POST", Self.path, body: Self.poison).status == 422)
            }
            #expect(try server.ask("POST", Self.path, body: Fixture.turns(1)).status == 200)
            #expect(try server.settledReport().models[0].workers[0].restarts == 2)
            try server.stop()
        }

        /// Ends the one worker as a fault in it would, and waits for the next one to have the request.
        private func crash(_ server: TestServer) throws {
            let worker = try #require(server.settledReport().models[0].workers.first?.pid)
            let mark = server.log.mark
            try Processes.signal(worker, SIGSEGV)
            try server.log.wait(for: "worker ready", since: mark)
            for _ in 0..<8 { try server.connect().settle() }
        }

        @Test("a request that was with it is answered, and may come again")
        func innocent() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1")
            let connections = try (0..<3).map { _ in try server.connect() }
            for connection in connections {
                try connection.request("POST", Self.path, body: Fixture.turns(Fixture.aWhile / 4))
            }
            try server.connect().settle()
            try crash(server)
            for connection in connections { #expect(try connection.read().status == 200) }
            let again = try server.ask("POST", Self.path, body: Fixture.turns(Fixture.aWhile / 4))
            #expect(again.status == 200)
            try server.stop()
        }
    }
}
