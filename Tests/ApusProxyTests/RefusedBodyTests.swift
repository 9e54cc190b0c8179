import ApusWire
import Testing

@testable import ApusProxy

@Suite("Requests that are refused, and what their clients send behind them")
struct RefusedBodyTests {
    @Test("what comes behind a refused request without waiting for its answer is served")
    func pipelined() throws {
        try withProxy { proxy, workers in
            proxy.order(.suspicion(try proxy.suspicion(.guilty, of: "guilty")))
            let client = try TestClient(proxy)
            try client.ask("guilty", "fine")
            try proxy.run(until: "the second is out") { try workers[0].take() == 1 }
            #expect(workers[0].jobs[0].body == Array("fine".utf8))
            try workers[0].answer()
            try proxy.run(until: "both are answered") { client.statuses.count == 2 }
            #expect(client.statuses == [422, 200])
            client.close()
        }
    }

    @Test("however often it is sent without waiting, a refused request reaches no worker")
    func again() throws {
        try withProxy { proxy, workers in
            proxy.order(.suspicion(try proxy.suspicion(.guilty, of: "guilty")))
            let client = try TestClient(proxy)
            try client.ask("guilty", "guilty", "guilty", "fine", "guilty")
            try proxy.run(until: "one is out") { try workers[0].take() > 0 }
            try proxy.run(milliseconds: 50)
            #expect(try workers[0].take() == 1)
            #expect(workers[0].jobs[0].body == Array("fine".utf8))
            try workers[0].answer()
            try proxy.run(until: "all are answered") { client.statuses.count == 5 }
            #expect(client.statuses == [422, 422, 422, 200, 422])
            client.close()
        }
    }

    @Test("what is behind it is handed out at once, not at the next tick")
    func soon() throws {
        try withProxy { proxy, workers in
            proxy.order(.suspicion(try proxy.suspicion(.guilty, of: "guilty")))
            let client = try TestClient(proxy)
            try client.ask("guilty", "fine")
            try proxy.run(until: "the first is answered") { client.statuses.count == 1 }
            try proxy.run(milliseconds: 10)
            #expect(try workers[0].take() == 1)
            client.close()
        }
    }
}
