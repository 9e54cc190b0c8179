import Foundation
import Testing

extension ServeTests {
    @Suite("Processes that are stopped")
    struct PauseTests {
        static let path = "/v2/models/slow/infer"

        @Test("a worker that is stopped is replaced, and what it had is answered by others")
        func worker() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1")
            let worker = try #require(server.settledReport().models[0].workers.first?.pid)
            let connection = try server.connect()
            try connection.request("POST", Self.path, body: Fixture.turns(Fixture.aWhile))
            try server.connect().settle()
            try Processes.signal(worker, SIGSTOP)
            #expect(try connection.read().status == 200)
            #expect(server.log.text.contains("a worker that was stopped is ended"))
            try server.stop()
        }
    }
}
