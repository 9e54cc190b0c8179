import Foundation
import Testing

extension ServeTests {
    @Suite("Probation")
    struct ProbationTests {
        /// Crashes the model's only worker so often, each time after it has taken its place.
        private func crash(_ server: TestServer, times: Int) throws {
            for _ in 0..<times {
                let worker = try #require(server.settledReport().models[0].workers.first?.pid)
                let mark = server.log.mark
                try Processes.signal(worker, SIGSEGV)
                try server.log.wait(for: "worker ready", since: mark)
            }
        }

        @Test("a version whose workers crash gives its place back, and its files are not taken again by themselves")
        func rollback() throws {
            let models = ModelFolder()
            models.make("iris")
            try models.put(try ModelFolder.iris(), at: "iris/1/model.onnx")
            let server = try TestServer("\(models.path)/iris", "--workers", "1")
            let before = try server.settledReport().models[0]
            var mark = server.log.mark
            try models.put(try ModelFolder.iris("two"), at: "iris/2/model.onnx")
            try server.log.wait(for: "version removed", since: mark)
            mark = server.log.mark
            try crash(server, times: 3)
            try server.log.wait(for: "rolled back", since: mark)
            try server.waitFor("200 iris/1") { try server.askIris() }
            let after = try server.settledReport().models[0]
            #expect(after.generation == before.generation && after.template.pid == before.template.pid)
            #expect(after.reason.contains("rolled back from version 2"))
            #expect(try server.ask("GET", "/metrics").body.contains(#"apus_model_rollbacks_total{model="iris",version="2"} 1"#))
            mark = server.log.mark
            try models.put(try ModelFolder.iris("two"), at: "iris/2/model.onnx")
            try server.log.wait(for: "the files are the same as before", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            mark = server.log.mark
            try models.put(try ModelFolder.iris("three"), at: "iris/2/model.onnx")
            try server.log.wait(for: "version removed", since: mark)
            try server.waitFor("200 iris/2") { try server.askIris() }
            try server.stop(errors: ["rolling back"])
        }

        @Test("a version that was stepped down from returns though its template has ended, whatever the new one is like")
        func templateOfOld() throws {
            let models = ModelFolder()
            models.make("iris")
            try models.put(try ModelFolder.iris(), at: "iris/1/model.onnx")
            let server = try TestServer("\(models.path)/iris", "--workers", "1", "--allow-schema-change")
            let template = try server.settledReport().models[0].template.pid
            var mark = server.log.mark
            let other = try #require(FileManager.default.contents(atPath: Fixture.small("scalar")))
            try models.put(other, at: "iris/2/model.onnx")
            try server.log.wait(for: "version removed", since: mark)
            mark = server.log.mark
            try Processes.signal(template, SIGKILL)
            try server.log.wait(for: "model loaded", since: mark)
            try crash(server, times: 3)
            try server.log.wait(for: "rolled back", since: mark)
            try server.waitFor("200 iris/1") { try server.askIris() }
            try server.stop(errors: ["rolling back", "template exited"])
        }

        @Test("a worker that is stuck when its version is stepped down from is killed all the same")
        func stuck() throws {
            let models = ModelFolder()
            models.make("slow")
            let slow = try #require(FileManager.default.contents(atPath: Fixture.slowFile))
            try models.put(slow, at: "slow/1/model.onnx")
            let server = try TestServer("\(models.path)/slow", "--workers", "1", "--timeout", "3000")
            let worker = try #require(server.settledReport().models[0].workers.first?.pid)
            let connection = try server.connect()
            try connection.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.forever))
            try server.connect().settle()
            let mark = server.log.mark
            try models.put(slow + [0x32, 3] + "two".utf8, at: "slow/2/model.onnx")
            try server.log.wait(for: "version removed", since: mark)
            #expect(try connection.read().status == 504)
            try server.log.wait(for: "stuck in a run", since: mark)
            try server.waitFor("gone") { Processes.inSession(server.process).contains(worker) ? "there" : "gone" }
            #expect(try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1)).status == 200)
            try server.stop(errors: ["worker stuck in a run past its deadline"])
        }

        @Test("without probation, and for the same files, the old generation ends at once")
        func none() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer("\(models.path)/iris.onnx", "--workers", "1", "--probation", "0")
            let template = try server.settledReport().models[0].template.pid
            let mark = server.log.mark
            try models.put(try ModelFolder.iris("two"), at: "iris.onnx")
            try server.log.wait(for: "model reloaded", since: mark)
            try crash(server, times: 3)
            #expect(try server.report().models[0].reason == "")
            try server.waitFor("gone") {
                Processes.inSession(server.process).contains(template) ? "there" : "gone"
            }
            try server.stop()
        }
    }
}
