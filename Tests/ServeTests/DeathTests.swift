import Foundation
import Testing

extension ServeTests {
    @Suite("Death of a process")
    struct DeathTests {
        @Test("a worker killed from outside: its request is answered by the next one")
        func worker() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1")
            let worker = try #require(server.settledReport().models[0].workers.first?.pid)
            let connection = try server.connect()
            try connection.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile))
            try server.connect().settle()
            let mark = server.log.mark
            try Processes.signal(worker, SIGKILL)
            try server.log.wait(for: "worker exited", since: mark)
            try server.log.wait(for: "worker ready", since: mark)
            #expect(try connection.read().status == 200)
            let next = try #require(server.settledReport().models[0].workers.first)
            #expect(next.pid != worker && next.restarts == 1)
            try server.stop()
        }

        @Test("what a template that is killed leaves in its self-test is gone soon, though nobody knew of it")
        func selfTest() throws {
            let models = ModelFolder()
            try models.putSlow()
            try models.putEndlessExample()
            let server = try TestServer(arguments: ["--repository", models.path, "--workers", "1"])
            var tester: pid_t?
            try server.waitFor("tested") {
                tester = Processes.inSession(server.process).first { process in
                    let parent = Processes.parent(of: process) ?? 0
                    return Processes.title(parent).hasPrefix("apus: template") && Processes.isBusy(process)
                }
                return tester == nil ? "" : "tested"
            }
            let process = try #require(tester)
            try Processes.signal(try #require(Processes.parent(of: process)), SIGKILL)
            try server.waitFor("gone") { kill(process, 0) == 0 ? "there" : "gone" }
            #expect(Processes.zombies(of: server.process) == [])
            try server.stop(errors: ["template exited"])
        }

        @Test("requests of all of a model's workers, killed together, are answered")
        func allWorkers() throws {
            let server = try TestServer(Fixture.slow, "--workers", "2")
            let workers = try server.settledReport().models[0].workers.map(\.pid)
            let connections = try (0..<6).map { _ in try server.connect() }
            for connection in connections {
                try connection.request(
                    "POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile / 4))
            }
            try server.connect().settle()
            for worker in workers { try Processes.signal(worker, SIGKILL) }
            for connection in connections { #expect(try connection.read().status == 200) }
            try server.stop()
        }

        @Test("a request over which two workers crash is refused as the cause; others go on")
        func poison() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1")
            let connection = try server.connect()
            try connection.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.forever))
            try server.connect().settle()
            for crash in 1...2 {
                let worker = try #require(server.settledReport().models[0].workers.first?.pid)
                let mark = server.log.mark
                try Processes.signal(worker, SIGSEGV)
                try server.log.wait(for: "worker ready", since: mark)
                try server.connect().settle()
                #expect(connection.hasNews == (crash == 2))
            }
            let answer = try connection.read()
            #expect(answer.status == 500)
            #expect(answer.error != nil)
            let next = try connection.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1))
            #expect(next.status == 200)
            try server.stop()
        }

        @Test("a template that is killed is started again; its workers serve on meanwhile")
        func template() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1")
            let before = try server.settledReport().models[0]
            let mark = server.log.mark
            try Processes.signal(before.template.pid, SIGKILL)
            try server.log.wait(for: "template exited", since: mark)
            let answer = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
            #expect(answer.status == 200)
            try server.log.wait(for: "model loaded", since: mark)
            let after = try server.settledReport().models[0]
            #expect(after.template.pid != before.template.pid && after.template.restarts == 1)
            #expect(after.workers.map(\.pid) == before.workers.map(\.pid))

            // The new one can fork.
            try Processes.signal(after.workers[0].pid, SIGKILL)
            try server.log.wait(for: "worker ready", since: mark)
            let again = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
            #expect(again.status == 200)
            try server.stop(errors: ["template exited"])
        }

        @Test("a proxy that is killed is started again; the other one takes its clients meanwhile")
        func proxy() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1", "--proxies", "2")
            let before = try server.settledReport().proxies
            let mark = server.log.mark
            try Processes.signal(before[0].pid, SIGKILL)
            try server.log.wait(for: "proxy exited", since: mark)
            for _ in 0..<4 {
                let answer = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
                #expect(answer.status == 200)
            }
            let after = try server.settledReport().proxies
            #expect(after[0].pid != before[0].pid && after[0].restarts == 1)
            #expect(after[1].pid == before[1].pid)
            try server.stop(errors: ["proxy exited"])
        }

        @Test("the only proxy is killed: connections wait in the kernel, and no new one is refused")
        func onlyProxy() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1")
            try Processes.signal(server.settledReport().proxies[0].pid, SIGKILL)
            for _ in 0..<4 {
                let answer = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
                #expect(answer.status == 200)
            }
            try server.stop(errors: ["proxy exited"])
        }

        @Test("when the supervisor is killed no process outlives it, not even one that is stopped")
        func supervisor() throws {
            // A busy machine may be slow once; a process that stays does so each time.
            var took: [Duration] = []
            repeat {
                took.append(try timeToDie())
            } while took.last! > .milliseconds(100) && took.count < 3
            #expect(took.last! <= .milliseconds(100), "\(took)")
        }

        /// How long the processes of a killed supervisor live on: one worker runs, one is stopped.
        private func timeToDie() throws -> Duration {
            let server = try TestServer(Fixture.slow, "--workers", "2")
            let report = try server.settledReport()
            let connection = try server.connect()
            try connection.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.forever))
            try server.connect().settle()
            try Processes.signal(report.models[0].workers[0].pid, SIGSTOP)
            let start = ContinuousClock.now
            server.signal(SIGKILL)
            try server.log.waitForEnd(within: .seconds(5), else: {
                Processes.describe(session: server.process)
            })
            let took = ContinuousClock.now - start
            #expect(try server.waitForExit() == -SIGKILL)
            try server.expectNothingLeft()
            return took
        }
    }
}
