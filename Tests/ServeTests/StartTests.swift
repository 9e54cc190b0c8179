import Foundation
import Testing

extension ServeTests {
    @Suite("Start")
    struct StartTests {
        @Test("port 0 picks a port, and when the ready line comes the model answers there")
        func ready() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1")
            #expect(server.port != 0)
            let answer = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
            #expect(answer.status == 200)
            #expect(answer.fields["x-apus-model"] == "iris/1")
            #expect(try server.ask("GET", "/readyz").status == 200)
            try server.stop()
        }

        @Test("what in the repository is no model is told in the form of the log, at the start and at a reload")
        func passedOver() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            models.make("empty")
            let server = try TestServer("--repository", models.path, "--workers", "1", "--log-format", "json")
            #expect(try server.admin("reload wait") == "ok\n")
            try server.stop()
            let lines = try server.log.text.split(separator: "\n").map { line in
                try #require(try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String], "\(line)")
            }
            let told = lines.filter { $0["path"] == "\(models.path)/empty" }
            #expect(told.count == 2)
            for line in told {
                #expect(line["level"] == "warning" && line["message"] == "passed over in the repository")
                #expect(line["reason"]?.isEmpty == false)
            }
        }

        @Test("several servers run side by side, each with its own models and port")
        func sideBySide() throws {
            let one = try TestServer(Fixture.iris, "--workers", "1")
            let other = try TestServer(Fixture.slow, "--workers", "1")
            #expect(one.port != other.port)
            #expect(try one.ask("GET", "/v2/models").body == #"{"models":["iris"]}"#)
            #expect(try other.ask("GET", "/v2/models").body == #"{"models":["slow"]}"#)
            try one.stop()
            #expect(try other.ask("GET", "/readyz").status == 200)
            try other.stop()
        }

        @Test("two models and two proxies: each process is there, with a title that tells what it is")
        func processes() throws {
            let server = try TestServer(Fixture.iris, Fixture.slow, "--workers", "2", "--proxies", "2")
            for _ in 0..<8 {
                let iris = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
                let slow = try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1))
                #expect(iris.status == 200 && slow.status == 200)
            }
            let report = try server.settledReport()
            #expect(report.supervisor == server.process)
            let titles = ([report.supervisor] + report.children).map(Processes.title)
            #expect(
                titles == [
                    "apus: supervisor", "apus: proxy 0", "apus: proxy 1",
                    "apus: template iris@1", "apus: worker iris@1 #0", "apus: worker iris@1 #1",
                    "apus: template slow@1", "apus: worker slow@1 #0", "apus: worker slow@1 #1",
                ])
            #expect(Set(Processes.inSession(server.process)) == Set([server.process] + report.children))
            try server.stop()
        }

        @Test("auto finds how many processes there are, and pin keeps each on one processor")
        func placed() throws {
            let server = try TestServer(Fixture.iris, "--proxies", "auto", "--workers", "auto", "--pin")
            #expect(try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow).status == 200)
            let report = try server.settledReport()
            let placed = report.children.filter { !Processes.title($0).contains("template") }
            #expect(placed.count >= 2)
            for process in placed {
                let list = try Processes.allowedProcessors(process)
                #expect(Int(list) != nil, "\(Processes.title(process)) may run on \(list)")
            }
            try server.stop()
        }

        @Test(
            "a proxy and the worker that it prefers share a processor as soon as both are ready, also when that worker is a new one",
            .enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
        func colocated() throws {
            let server = try TestServer(Fixture.iris, "--workers", "2", "--log-level", "debug")
            let all = try Processes.allowedProcessors(server.process)
            try server.waitUntilReady()
            #expect(try Self.places(server) == ["one", "one", all, all])
            for _ in 1...3 {
                let mark = server.log.mark
                let first = try #require(try server.settledReport().children.first { Processes.title($0).hasSuffix("#0") })
                try Processes.signal(first, SIGKILL)
                try server.log.wait(for: "worker ready", since: mark)
                #expect(try Self.places(server) == ["one", "one", all, all])
            }
            #expect(try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow).status == 200)
            try server.stop()
        }

        private static let together = "proxy and workers share a processor"

        /// Where the proxy, the first worker, the second and the template may run; "one" for the first two when it is the same
        /// single processor.
        private static func places(_ server: TestServer) throws -> [String] {
            let children = try server.settledReport().children
            let places = try ["proxy 0", "worker iris@1 #0", "worker iris@1 #1", "template iris@1"].map { title in
                try Processes.allowedProcessors(try #require(children.first { Processes.title($0) == "apus: \(title)" }))
            }
            return Int(places[0]) != nil && places[1] == places[0] ? ["one", "one"] + places[2...] : places
        }

        @Test(
            "models that run for longer, and all when it is turned off, stay where the system has them",
            .enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
        func notColocated() throws {
            let off = try TestServer(Fixture.iris, "--workers", "1", "--colocate", "off")
            let server = try TestServer(
                Fixture.iris, "mlp=\(Built.root)/Tests/Fixtures/mlp.onnx", "--workers", "1", "--log-level", "debug")
            let all = try Processes.allowedProcessors(server.process)
            try off.waitUntilReady()
            try server.log.wait(for: Self.together)
            let children = try server.settledReport().children
            let worker = try #require(children.first { Processes.title($0) == "apus: worker mlp@1 #0" })
            #expect(try Processes.allowedProcessors(worker) == all)
            for process in try off.settledReport().children {
                #expect(try Processes.allowedProcessors(process) == all, "\(Processes.title(process))")
            }
            try server.stop()
            try off.stop()
        }

        @Test("a model that was named and does not load in time ends the start")
        func late() throws {
            let models = ModelFolder()
            try models.putSlow()
            try models.putEndlessExample()
            let server = try TestServer(
                arguments: ["\(models.path)/slow.onnx", "--workers", "1", "--load-timeout", "1000"])
            #expect(try server.waitForExit() == 65)
            #expect(server.output.text == "")
            #expect(server.log.text.contains("within 1000 ms (load-timeout)"))
            try server.expectNothingLeft(errors: ["did not load in time"])
        }

        @Test("what another server left behind when it was killed does not stop the next one")
        func afterKill() throws {
            let folder = "/tmp/apus-again-\(getpid())"
            let first = try TestServer(arguments: [
                Fixture.iris, "--workers", "1", "--runtime-dir", folder,
            ])
            try first.waitUntilReady()
            first.signal(SIGKILL)
            #expect(try first.waitForExit() == -SIGKILL)
            try first.expectNothingLeft()
            #expect(FileManager.default.fileExists(atPath: "\(folder)/admin.sock"))
            let second = try TestServer(arguments: [
                Fixture.iris, "--workers", "1", "--runtime-dir", folder,
                "--listen", "127.0.0.1:\(first.port)",
            ])
            try second.waitUntilReady()
            #expect(second.port == first.port)
            try second.stop()
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }
}
