import Foundation
import Testing

extension ServeTests {
    @Suite("A model whose workers crash again and again")
    struct CrashLoopTests {
        @Test("it is refused at once while the others are served, and comes back by itself")
        func degraded() throws {
            let server = try TestServer(Fixture.slow, Fixture.iris, "--workers", "4")
            let mark = server.log.mark
            while !server.log.text.contains("model degraded") { try crashAll(server) }
            let answer = try refused(server)
            #expect(answer.fields["retry-after"] != nil)
            #expect(answer.error?.contains("no worker") == true)
            let model = try server.report().models[0]
            #expect(model.reason.contains("degraded"), "\(model.reason)")
            let other = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
            #expect(other.status == 200)

            try server.log.wait(for: "model recovered", since: mark, within: .seconds(60))
            #expect(try server.settledReport().models[0].workers.count == 4)
            let next = try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1))
            #expect(next.status == 200)
            try server.stop(errors: ["model degraded"])
        }

        @Test("one whose workers end before their number is known is degraded, too, and recovers")
        func endsAtOnce() throws {
            let fault = try Fault.worker()
            let server = try TestServer(arguments: [Fixture.iris, "--workers", "1"], environment: fault.environment)
            try server.waitUntilReady()
            let worker = try server.settledReport().models[0].workers[0].pid
            let mark = server.log.mark
            try fault.begin()
            try Processes.signal(worker, SIGKILL)
            try server.log.wait(for: "model degraded", since: mark)
            let model = try server.report().models[0]
            #expect(model.reason.contains("exit code 1"), "\(model.reason)")
            #expect(model.workers[0].restarts > 5)
            fault.end()
            try server.log.wait(for: "model recovered", since: mark, within: .seconds(60))
            try server.waitFor("200 iris/1") { try server.askIris() }
            try server.stop(errors: ["model degraded"])
        }

        /// Ends all workers of the first model as a fault in it would.
        private func crashAll(_ server: TestServer) throws {
            let mark = server.log.mark
            let workers = try server.report().models[0].workers.map(\.pid).filter { $0 != 0 }
            for worker in workers { kill(worker, SIGSEGV) }
            try server.log.wait(for: workers.isEmpty ? "worker ready" : "worker exited", since: mark)
        }

        /// The first answer that is a refusal: a worker that was being forked may have answered others.
        private func refused(_ server: TestServer) throws -> Answer {
            for _ in 0..<100 {
                let answer = try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1))
                if answer.status == 503 { return answer }
                try crashAll(server)
            }
            throw NotInTime("a degraded model went on answering")
        }
    }
}
