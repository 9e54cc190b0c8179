import Foundation
import Testing

extension ServeTests {
    @Suite("What status says of processes that ended")
    struct LastExitTests {
        private struct Report: Decodable {
            struct Exit: Decodable {
                let pid: Int32
                let reason: String
                let cause: String
                let lines: [String]
            }

            struct Process: Decodable { let last_exit: Exit? }

            struct Model: Decodable {
                let template: Process
                let workers: [Process]
            }

            let proxies: [Process]
            let models: [Model]
        }

        private func report(_ server: TestServer) throws -> Report {
            let text = try server.admin("status")
            return try JSONDecoder().decode(Report.self, from: Data(text.utf8.dropFirst(3)))
        }

        @Test("how each ended, and what it wrote last")
        func exits() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1")
            let before = try server.settledReport()
            let fresh = try report(server)
            #expect(fresh.proxies[0].last_exit == nil && fresh.models[0].workers[0].last_exit == nil)

            let mark = server.log.mark
            let worker = before.models[0].workers[0].pid
            try Processes.signal(worker, SIGSEGV)
            try server.log.wait(for: "worker ready", since: mark)
            try Processes.signal(before.models[0].template.pid, SIGKILL)
            try server.log.wait(for: "model loaded", since: mark)
            try Processes.signal(before.proxies[0].pid, SIGABRT)
            try server.log.wait(for: "proxy exited", since: mark)
            let after = try report(server)
            let exit = try #require(after.models[0].workers[0].last_exit)
            #expect(exit.pid == worker && exit.reason.hasPrefix("signal 11") && exit.cause.contains("a fault in"))
            #expect(after.models[0].template.last_exit?.reason.hasPrefix("signal 9") == true)
            #expect(after.models[0].template.last_exit?.cause.contains("killed it") == true)
            #expect(after.proxies[0].last_exit?.reason.hasPrefix("signal 6") == true)
            try server.stop(errors: ["template exited", "proxy exited"])
        }

        @Test("a process that a fault of its own ends is quoted, in the log too")
        func words() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1")
            let worker = try #require(server.settledReport().models[0].workers.first?.pid)
            let admin = try Connection(path: "\(server.runtimeDirectory)/admin.sock")
            // Where its successor is to listen there is no folder any more: a fault that it reports before it ends.
            rename(server.runtimeDirectory, "\(server.runtimeDirectory).away")
            try Data().write(to: URL(fileURLWithPath: server.runtimeDirectory))
            let mark = server.log.mark
            try Processes.signal(worker, SIGKILL)
            try server.log.wait(for: "the worker cannot go on", since: mark)
            try server.log.wait(for: "exit code 70", since: mark)
            try admin.send("status\n")
            let text = String(decoding: try admin.readToEnd(), as: UTF8.self)
            let status = try JSONDecoder().decode(Report.self, from: Data(text.utf8.dropFirst(3)))
            let exit = try #require(status.models[0].workers[0].last_exit)
            #expect(exit.reason == "exit code 70")
            #expect(exit.lines.contains { $0.contains("the worker cannot go on") }, "\(exit.lines)")
            server.signal(SIGQUIT)
            #expect(try server.waitForExit() == 0)
        }
    }
}
