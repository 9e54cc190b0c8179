import ApusLoop
import ApusWire
import Testing

@testable import ApusProxy

@Suite("Workers that do not come back from a run")
struct StuckWorkerTests {
    static var limits: ModelLimits {
        var limits = ModelLimits()
        limits.requestMilliseconds = 200
        return limits
    }

    @Test("one that answered another request of the group is reported after a while of silence, and once")
    func silent() throws {
        try withProxy(limits: Self.limits) { proxy, workers in
            let clients = try (0..<3).map { _ in try TestClient(proxy) }
            for client in clients { try client.ask("body") }
            try proxy.run(until: "they are out") { try workers[0].take() == 3 }
            try workers[0].answer()
            try proxy.run(until: "the others are late") { clients[1].statuses == [504] && clients[2].statuses == [504] }
            #expect(clients[0].statuses == [200])
            #expect(proxy.stuckWorkers == [])
            try proxy.run(until: "it is reported") { !proxy.stuckWorkers.isEmpty }
            try proxy.run(milliseconds: 500)
            #expect(proxy.stuckWorkers == [1])
            for client in clients { client.close() }
        }
    }

    @Test("one that has said nothing since it was given the requests is reported at their deadline, and once")
    func neverAnswered() throws {
        try withProxy(limits: Self.limits) { proxy, workers in
            let clients = try (0..<2).map { _ in try TestClient(proxy) }
            for client in clients { try client.ask("body") }
            try proxy.run(until: "they are out") { try workers[0].take() == 2 }
            let start = Loop.nanoseconds
            try proxy.run(until: "it is reported") { !proxy.stuckWorkers.isEmpty }
            #expect(Loop.nanoseconds - start < 1_000_000_000)
            try proxy.run(milliseconds: 1500)
            #expect(proxy.stuckWorkers == [1])
            for client in clients { client.close() }
        }
    }

    @Test("one that goes on answering is not reported, though a request of its is late")
    func alive() throws {
        try withProxy(limits: Self.limits) { proxy, workers in
            let client = try TestClient(proxy)
            try client.ask("first")
            let others = try (0..<4).map { _ in try TestClient(proxy) }
            for other in others { try other.ask("late") }
            try proxy.run(until: "they are out") { try workers[0].take() == 5 }
            try workers[0].answer()
            for other in others {
                try proxy.run(milliseconds: 400)
                #expect(other.statuses == [504])
                try workers[0].answer { $0.status = 504 }
            }
            try proxy.run(milliseconds: 1500)
            #expect(proxy.stuckWorkers == [])
            for client in others + [client] { client.close() }
        }
    }
}
