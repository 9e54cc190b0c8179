import Foundation
import Testing

extension ServeTests {
    @Suite("Stop")
    struct StopTests {
        /// A server of one worker that is busy with the request of the returned connection.
        private func busy(_ turns: Int = Fixture.aWhile) throws -> (TestServer, Connection) {
            let server = try TestServer(Fixture.slow, "--workers", "1")
            let connection = try server.connect()
            try connection.request("POST", "/v2/models/slow/infer", body: Fixture.turns(turns))
            try server.connect().settle()
            return (server, connection)
        }

        @Test("TERM lets a request be answered and says close; then the server ends with 0")
        func drains() throws {
            let (server, connection) = try busy()
            server.signal(SIGTERM)
            try server.log.wait(for: "draining")
            let answer = try connection.read()
            #expect(answer.status == 200)
            #expect(answer.fields["connection"] == "close")
            #expect(answer.body.contains("[4e+05]"))
            try connection.expectEnd()
            #expect(try server.waitForExit() == 0)
            try server.expectNothingLeft()
            #expect(!FileManager.default.fileExists(atPath: server.runtimeDirectory))
        }

        @Test("INT from a terminal, which every process gets, drains as TERM does")
        func interrupts() throws {
            let (server, connection) = try busy()
            kill(-server.process, SIGINT)
            #expect(try connection.read().status == 200)
            #expect(try server.waitForExit() == 0)
            try server.expectNothingLeft()
        }

        @Test("idle connections are closed by TERM, and new ones are refused")
        func closesIdle() throws {
            let (server, connection) = try busy()
            let idle = try server.connect()
            _ = try idle.ask("GET", "/livez")
            server.signal(SIGTERM)
            try idle.expectEnd()
            #expect(throws: Refused(code: ECONNREFUSED)) { try server.connect() }
            #expect(try connection.read().status == 200)
            try server.stop()
        }

        @Test("a second TERM ends the server at once", arguments: [SIGTERM, SIGINT])
        func second(_ number: Int32) throws {
            let (server, connection) = try busy(Fixture.forever)
            server.signal(SIGTERM)
            try server.log.wait(for: "draining")
            server.signal(number)
            #expect(try server.waitForExit(within: .seconds(2)) == 0)
            try connection.expectEnd()
            try server.expectNothingLeft()
            #expect(!FileManager.default.fileExists(atPath: server.runtimeDirectory))
        }

        @Test("QUIT ends the server at once")
        func quit() throws {
            let (server, connection) = try busy(Fixture.forever)
            server.signal(SIGQUIT)
            #expect(try server.waitForExit(within: .seconds(2)) == 0)
            try connection.expectEnd()
            try server.expectNothingLeft()
        }

        @Test("a request that outlasts the drain's limit is given up")
        func limit() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1", "--drain-timeout", "300")
            let connection = try server.connect()
            try connection.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.forever))
            try server.connect().settle()
            server.signal(SIGTERM)
            try connection.expectEnd(within: .seconds(2))
            #expect(try server.waitForExit(within: .seconds(2)) == 0)
            try server.expectNothingLeft()
        }

        @Test("TERM before the server is ready ends it as well")
        func early() throws {
            let server = try TestServer(arguments: [Fixture.iris, "--workers", "1"])
            try server.log.wait(for: "starting")
            server.signal(SIGTERM)
            #expect(try server.waitForExit(within: .seconds(5)) == 0)
            try server.expectNothingLeft()
        }

        @Test("a worker that dies while the server drains is replaced, and its request answered")
        func deathWhileDraining() throws {
            let (server, connection) = try busy()
            let worker = try #require(server.settledReport().models[0].workers.first?.pid)
            server.signal(SIGTERM)
            try server.log.wait(for: "draining")
            try Processes.signal(worker, SIGKILL)
            #expect(try connection.read().status == 200)
            #expect(try server.waitForExit(within: .seconds(5)) == 0)
            try server.expectNothingLeft()
        }
    }
}
