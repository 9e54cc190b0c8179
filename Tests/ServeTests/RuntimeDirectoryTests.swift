import Foundation
import Testing

extension ServeTests {
    @Suite("Files that are deleted while the server runs")
    struct RuntimeDirectoryTests {
        @Test("the runtime directory comes back, and no request is lost")
        func directory() throws {
            let server = try TestServer(Fixture.iris, "--workers", "2")
            let before = try server.settledReport()
            let connection = try server.connect()
            let mark = server.log.mark
            try FileManager.default.removeItem(atPath: server.runtimeDirectory)
            let log = server.log
            while !(log.text.contains("admin socket was gone")) {
                #expect(try ask(connection).status == 200)
            }
            // A proxy that starts now has to find the workers.
            try server.log.wait(for: "a worker's socket was gone", since: mark)
            try Processes.signal(before.proxies[0].pid, SIGKILL)
            #expect(try ask(try server.connect()).status == 200)
            let after = try server.settledReport()
            #expect(after.models[0].workers.map(\.pid) == before.models[0].workers.map(\.pid))
            // So do workers that start now.
            for worker in after.models[0].workers { try Processes.signal(worker.pid, SIGKILL) }
            #expect(try ask(try server.connect()).status == 200)
            try server.stop(errors: ["proxy exited"])
            #expect(!FileManager.default.fileExists(atPath: server.runtimeDirectory))
        }

        private func ask(_ connection: Connection) throws -> Answer {
            try connection.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
        }
    }
}
