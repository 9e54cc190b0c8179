import Foundation
import Testing

extension ServeTests {
    @Suite("Workers that have done enough")
    struct RecyclingTests {
        @Test("a worker that has answered its number of requests is replaced, and no request is lost")
        func requests() throws {
            let server = try TestServer(Fixture.iris, "--workers", "2", "--max-worker-requests", "20")
            let before = try server.settledReport().models[0].workers.map(\.pid)
            let mark = server.log.mark
            let connection = try server.connect()
            for _ in 0..<200 {
                let answer = try connection.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
                #expect(answer.status == 200)
            }
            let log = try server.log.wait(for: "worker ended as it was told", since: mark)
            #expect(log.contains("worker is replaced"))
            let after = try server.settledReport().models[0].workers
            #expect(after.count == 2)
            #expect(Set(after.map(\.pid)) != Set(before))
            try server.stop()
        }

        @Test("a worker that holds too much memory is replaced, and no request is lost")
        func memory() throws {
            let model = "wide=\(Built.root)/Tests/Fixtures/small/identity_float.onnx"
            let server = try TestServer(model, "--workers", "1", "--max-worker-memory", "32MiB")
            let before = try server.settledReport().models[0].workers.map(\.pid)
            let mark = server.log.mark
            let connection = try server.connect()
            try askWide(1 << 10, connection)
            #expect(try server.settledReport().models[0].workers.map(\.pid) == before)
            // Running and answering this takes several times its 16 MiB; the body itself is in the proxy's memory.
            for _ in 0..<4 { try askWide(4 << 20, connection) }
            try server.log.wait(for: "worker is replaced", since: mark)
            try server.log.wait(for: "worker ended as it was told", since: mark)
            let after = try server.settledReport().models[0].workers.map(\.pid)
            #expect(Set(after).isDisjoint(with: before))
            try server.stop()
        }

        @Test("a worker that is over its limit is given nothing more while another serves")
        func overLimit() throws {
            let model = "wide=\(Built.root)/Tests/Fixtures/small/identity_float.onnx"
            let server = try TestServer(model, "--workers", "2", "--max-worker-memory", "32MiB")
            let before = try server.settledReport().models[0].workers.map(\.pid)
            let connection = try server.connect()
            for _ in 0..<6 { try askWide(4 << 20, connection) }
            try server.log.wait(for: "worker ended as it was told")
            let after = try server.settledReport().models[0].workers.map(\.pid)
            #expect(after.count == 2 && Set(after) != Set(before))
            try server.stop()
        }

        private func askWide(_ count: Int, _ connection: Connection) throws {
            try connection.sendWide(count)
            #expect(try connection.read().status == 200)
        }
    }
}
