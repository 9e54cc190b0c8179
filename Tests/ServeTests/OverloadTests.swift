import Foundation
import Testing

extension ServeTests {
    @Suite("Too much, too late")
    struct OverloadTests {
        @Test("a full queue refuses at once with 503 and when to try again; what was taken is answered")
        func queueFull() throws {
            let server = try TestServer(
                Fixture.slow, "--workers", "1", "--queue", "1", "--batching", "off")
            var taken: [Connection] = []
            var refused: Answer?
            // A worker holds two groups, the queue one more.
            while refused == nil && taken.count < 5 {
                let connection = try server.connect()
                try connection.request(
                    "POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile))
                try server.connect().settle()
                if connection.hasNews { refused = try connection.read() } else { taken.append(connection) }
            }
            #expect(refused?.status == 503)
            #expect(refused?.fields["retry-after"] == "1")
            #expect(refused?.error?.contains("1") == true)
            #expect(taken.count >= 2)
            for connection in taken { #expect(try connection.read().status == 200) }
            let again = try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1))
            #expect(again.status == 200)
            try server.stop()
        }

        @Test("a burst that fills the queue in one turn is given to the workers that have room, and not refused")
        func burst() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1", "--queue", "16")
            #expect(try server.askIris() == "200 iris/1")
            let clients = try (0..<17).map { _ in try server.connect() }
            for client in clients { #expect(try client.ask("GET", "/livez").status == 200) }
            let proxy = try server.report().proxies[0].pid
            try Processes.signal(proxy, SIGSTOP)
            for client in clients { try client.request("POST", "/v2/models/iris/infer", body: Fixture.irisRow) }
            try Processes.signal(proxy, SIGCONT)
            for client in clients { #expect(try client.read().status == 200) }
            try server.stop()
        }

        @Test("a run that does not end: 504 on time, its worker is replaced, the connection goes on")
        func deadline() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1", "--timeout", "300")
            let connection = try server.connect()
            let start = ContinuousClock.now
            let mark = server.log.mark
            let late = try connection.ask(
                "POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.forever))
            let took = ContinuousClock.now - start
            #expect(late.status == 504)
            #expect(late.error?.contains("300") == true, "\(late.body)")
            #expect(took > .milliseconds(290) && took < .seconds(2), "\(took)")
            try server.log.wait(for: "worker ready", since: mark)
            let next = try connection.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1))
            #expect(next.status == 200)
            try server.stop(errors: ["worker stuck in a run past its deadline"])
        }

        @Test("runs that do not end, one after the other, cost their workers and nothing else")
        func deadlines() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1", "--timeout", "500")
            for turn in 0..<8 {
                let mark = server.log.mark
                let body = Fixture.turns(Fixture.forever + turn * 1000)
                #expect(try server.ask("POST", "/v2/models/slow/infer", body: body).status == 504)
                try server.log.wait(for: "worker ready", since: mark)
            }
            #expect(try server.report().models[0].reason == "")
            #expect(try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1)).status == 200)
            try server.stop(errors: ["worker stuck in a run past its deadline"])
        }

        @Test("a run that does not end costs its worker also when that has answered another request since")
        func deadlineOfSecond() throws {
            let server = try TestServer(
                Fixture.slow, "--workers", "1", "--proxies", "1", "--batching", "off", "--timeout", "1000")
            let clients = try (0..<2).map { _ in try server.connect() }
            for client in clients { #expect(try client.ask("GET", "/livez").status == 200) }
            let proxy = try server.report().proxies[0].pid
            let mark = server.log.mark
            // Both in one turn of the proxy, so in one group.
            try Processes.signal(proxy, SIGSTOP)
            try clients[0].request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile / 4))
            try clients[1].request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.forever))
            try Processes.signal(proxy, SIGCONT)
            #expect(try clients[0].read().status == 200)
            #expect(try clients[1].read().status == 504)
            try server.log.wait(for: "worker ready", since: mark)
            #expect(try clients[0].ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1)).status == 200)
            try server.stop(errors: ["worker stuck in a run past its deadline"])
        }

        @Test("each model keeps its own time: a short one is not late because a long one waits too")
        func twoTimes() throws {
            let file = try configuration()
            defer { unlink(file) }
            let server = try TestServer(arguments: ["--config", file])
            try server.waitUntilReady()
            let patient = try server.connect()
            try patient.request("POST", "/v2/models/patient/infer", body: Fixture.turns(Fixture.aWhile))
            try server.connect().settle()
            let start = ContinuousClock.now
            let late = try server.ask(
                "POST", "/v2/models/hasty/infer", body: Fixture.turns(Fixture.forever))
            #expect(late.status == 504)
            #expect(ContinuousClock.now - start < .seconds(3))
            #expect(try patient.read().status == 200)
            try server.stop(errors: ["worker stuck in a run past its deadline"])
        }

        /// Two models of different patience.
        private func configuration() throws -> String {
            let path = Fixture.slow.dropFirst("slow=".count)
            let file = "/tmp/apus-two-times-\(getpid()).yaml"
            try """
            workers: 1
            models:
              - {name: patient, path: "\(path)", timeout: 30000}
              - {name: hasty, path: "\(path)", timeout: 300}
            """.write(toFile: file, atomically: true, encoding: .utf8)
            return file
        }

        @Test("requests whose clients have left the queue never reach a worker")
        func abandoned() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1", "--batching", "off")
            let busy = try (0..<2).map { _ in try server.connect() }
            for connection in busy {
                try connection.request(
                    "POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile))
                try server.connect().settle()
            }
            do {
                let gone = try server.connect()
                try gone.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.forever))
                try server.connect().settle()
            }
            for connection in busy { #expect(try connection.read().status == 200) }
            let next = try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1))
            #expect(next.status == 200)
            try server.stop()
        }

        @Test("requests that a worker has and has not begun are not run when their clients go", arguments: [true, false])
        func cancelled(byReset: Bool) throws {
            let server = try TestServer(Fixture.slow, "--workers", "1", "--batching", "off")
            let busy = try server.connect()
            try busy.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile))
            try server.connect().settle()
            let gone = try server.connect()
            try gone.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.forever))
            try server.waitFor("2") { try Self.counts("apus_in_flight_requests", server) }
            if byReset { gone.reset() } else { gone.shutdown() }
            try server.connect().settle()
            #expect(try busy.read().status == 200)
            #expect(try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1)).status == 200)
            #expect(try Self.counts("apus_requests_total", with: #"code="499""#, server) == "1")
            try server.stop()
        }

        /// The values of the slow model's series of that name.
        private static func counts(_ name: String, with label: String = "version=", _ server: TestServer) throws -> String {
            try server.ask("GET", "/metrics").body.split(separator: "\n")
                .filter { $0.hasPrefix("\(name){model=\"slow\"") && $0.contains(label) }
                .compactMap { $0.split(separator: " ").last }.joined(separator: " ")
        }

        @Test("more clients than connections, who all keep theirs: each gets its turn")
        func manyClients() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1", "--max-connections", "8")
            var clients: [Connection?] = try (0..<64).map { _ in try server.connect() }
            for client in clients { try client?.request("POST", "/v2/models/iris/infer", body: Fixture.irisRow) }
            for index in clients.indices {
                let answer = try clients[index]?.read(within: .seconds(60))
                #expect(answer?.status == 200)
                // Those that are asked to leave do so; the others stay to the end.
                if answer?.fields["connection"] == "close" { clients[index] = nil }
            }
            try server.stop()
        }

        @Test("at the limit of connections one that rests gives way, whoever it is that comes")
        func idleClient() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1", "--max-connections", "1")
            let resting = try server.connect()
            #expect(try resting.ask("GET", "/livez").status == 200)
            #expect(try server.ask("GET", "/livez").status == 200)
            try resting.expectEnd()
            try server.stop()
        }

        @Test("at the limit of connections the next client waits, and is served when one leaves")
        func connectionLimit() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1", "--max-connections", "1")
            var first: Connection? = try server.connect()
            try first?.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile))
            let second = try server.connect()
            try second.request("GET", "/livez")
            #expect(try first?.read().status == 200)
            first = nil
            #expect(try second.read().status == 200)
            try server.stop()
        }
    }
}
