import Foundation
import Testing

extension ServeTests {
    @Suite("One worker more or less")
    struct WorkerCountTests {
        @Test("TTIN adds a worker to every model, TTOU takes one away, and a reload keeps the number")
        func adjust() throws {
            let server = try TestServer(Fixture.iris, Fixture.slow, "--workers", "1")
            var mark = server.log.mark
            server.signal(SIGTTIN)
            try server.log.wait(for: "worker count changed", since: mark)
            #expect(try server.settledReport().models.map(\.workers.count) == [2, 2])
            #expect(try server.admin("reload wait").hasPrefix("ok"))
            let reloaded = try server.settledReport()
            #expect(reloaded.models.map(\.workers.count) == [2, 2])

            mark = server.log.mark
            server.signal(SIGTTOU)
            try server.log.wait(for: "worker ended as it was told", since: mark)
            #expect(try server.settledReport().models.map(\.workers.count) == [1, 1])
            let answer = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
            #expect(answer.status == 200)

            mark = server.log.mark
            server.signal(SIGTTOU)
            try server.log.wait(for: "worker count changed", since: mark)
            #expect(try server.settledReport().models.map(\.workers.count) == [1, 1], "the last one stays")
            try server.stop()
        }

        @Test("a worker that is taken away answers what it has")
        func busy() throws {
            let server = try TestServer(Fixture.slow, "--workers", "2")
            let connections = try (0..<4).map { _ in try server.connect() }
            for connection in connections {
                try connection.request(
                    "POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile / 4))
            }
            try server.connect().settle()
            let mark = server.log.mark
            server.signal(SIGTTOU)
            for connection in connections { #expect(try connection.read().status == 200) }
            try server.log.wait(for: "worker ended as it was told", since: mark)
            #expect(try server.settledReport().models[0].workers.count == 1)
            try server.stop()
        }

        @Test("USR1 ends nothing")
        func reopen() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1")
            let before = try server.settledReport().children
            server.signal(SIGUSR1)
            try server.log.wait(for: "the log goes to standard error")
            #expect(try server.settledReport().children == before)
            try server.stop()
        }
    }
}
