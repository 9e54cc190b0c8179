import ApusLoop
import ApusWire
import Testing

@testable import ApusProxy

@Suite("Requests that are held back")
struct HeldBackTests {
    @Test("one that waits for a worker to be done soon goes to another when that is not so")
    func notSoon() throws {
        try withProxy(workers: 2) { proxy, workers in
            let clients = try (0..<2).map { _ in try TestClient(proxy) }
            var waited: UInt64 = 0
            for _ in 0..<8 {
                try clients[0].ask("long")
                try proxy.run(until: "the first has it") { try workers[0].take() == 1 }
                let start = Loop.nanoseconds
                try clients[1].ask("short")
                try proxy.run(until: "the other has it") { try workers[1].take() == 1 }
                waited += Loop.nanoseconds - start
                for worker in workers { try worker.answer() }
                try proxy.run(until: "all are answered") { clients.allSatisfy { $0.statuses.last == 200 } }
                try proxy.run(milliseconds: 5)
            }
            // A millisecond or two each; a busy machine takes longer.
            #expect(waited < 200_000_000, "\(waited) ns")
            for client in clients { client.close() }
        }
    }
}
