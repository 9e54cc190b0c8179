import ApusLoop
import ApusWire
import LoopTesting
import Testing

@testable import ApusProxy

@Suite("Requests of a model that another takes over from")
struct HandOverTests {
    static func route(
        version: Int = 1, generation: UInt32, milliseconds: Int = 30_000, _ workers: FakeWorker...
    ) -> ModelRoute {
        var limits = ModelLimits()
        limits.requestMilliseconds = milliseconds
        var route = ModelRoute.test("m", version: version, limits: limits, workers: workers.map(\.route))
        route.generation = generation
        return route
    }

    @Test("a body that arrives for a model whose successor has gone, too, is answered that there is none")
    func successorGone() throws {
        try withProxy { proxy, _ in
            let client = try TestClient(proxy)
            try client.send("POST /v2/models/m/infer HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbo")
            try proxy.run(milliseconds: 50)
            proxy.order(.routes([Self.route(generation: 2)]))
            proxy.order(.routes([]))
            try client.send("dy")
            try proxy.run(until: "it is answered", within: 3_000) { client.statuses == [404] }
            client.close()
        }
    }

    @Test("a request that a lost worker had is told the same when nobody is left to take it")
    func nobodyLeft() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            try client.ask("body")
            try proxy.run(until: "it is out") { try workers[0].take() == 1 }
            proxy.order(.routes([Self.route(generation: 2)]))
            proxy.order(.routes([]))
            workers[0].drop()
            proxy.order(.workerExited(serial: 1, death: .external))
            try proxy.run(until: "it is answered", within: 3_000) { client.statuses == [404] }
            client.close()
        }
    }

    @Test("a request that waits for a trial keeps its version, and its version's workers, until then")
    func held() throws {
        try withLoop { loop in
            let old = try FakeWorker(serial: 1, on: loop)
            let new = try FakeWorker(serial: 2, on: loop)
            let proxy = try ProxyUnderTest([Self.route(version: 1, generation: 1, old)], on: loop)
            try proxy.run(until: "the worker is connected") { old.linkCount == 1 }
            let trial = try proxy.suspicion(.onTrial, of: "held")
            proxy.order(.suspicion(trial))
            let client = try TestClient(proxy)
            try client.ask("held")
            try proxy.run(milliseconds: 50)
            proxy.order(.routes([Self.route(version: 2, generation: 2, new)]))
            try proxy.run(milliseconds: 300)
            #expect(try old.take() == 0 && new.take() == 0 && !old.isLeft)
            proxy.order(.suspicion(Suspicion(fingerprint: trial.fingerprint, verdict: .cleared, model: "m")))
            try proxy.run(until: "it is out") { try old.take() == 1 }
            try old.answer()
            try proxy.run(until: "it is answered") { client.statuses == [200] }
            try proxy.run(until: "the old worker may go") { old.isLeft }
            client.close()
            for worker in [old, new] { worker.close() }
            proxy.stop()
        }
    }

    @Test("a request that waits for a trial for too long is answered 504 whatever became of its version")
    func heldForTooLong() throws {
        try withLoop { loop in
            let old = try FakeWorker(serial: 1, on: loop)
            let new = try FakeWorker(serial: 2, on: loop)
            let proxy = try ProxyUnderTest([Self.route(version: 1, generation: 1, milliseconds: 500, old)], on: loop)
            try proxy.run(until: "the worker is connected") { old.linkCount == 1 }
            proxy.order(.suspicion(try proxy.suspicion(.onTrial, of: "held")))
            let client = try TestClient(proxy)
            try client.ask("held")
            try proxy.run(milliseconds: 50)
            proxy.order(.routes([Self.route(version: 2, generation: 2, new)]))
            try proxy.run(until: "it is answered", within: 3_000) { client.statuses == [504] }
            client.close()
            for worker in [old, new] { worker.close() }
            proxy.stop()
        }
    }

    @Test("what a lost worker had goes before what its successor has already, in its order")
    func order() throws {
        try withProxy { proxy, workers in
            let clients = try (0..<3).map { _ in try TestClient(proxy) }
            try ask(clients[0...1], proxy)
            try proxy.run(until: "they are out") { try workers[0].take() == 2 }
            proxy.order(.routes([Self.route(generation: 2)]))
            try clients[2].ask("2")
            try proxy.run(milliseconds: 50)
            workers[0].drop()
            proxy.order(.workerExited(serial: 1, death: .external))
            try proxy.run(milliseconds: 50)
            try expectInOrder(proxy, clients)
        }
    }

    @Test("what waits goes before what came to the successor meanwhile, in its order")
    func orderOfQueue() throws {
        try withProxy { proxy, workers in
            // Nobody takes them: they wait at the old version until its last worker has gone.
            workers[0].close()
            proxy.order(.routes([Self.route(generation: 1)]))
            let clients = try (0..<3).map { _ in try TestClient(proxy) }
            try ask(clients[0...1], proxy)
            proxy.order(.routes([Self.route(generation: 2)]))
            try clients[2].ask("2")
            try proxy.run(milliseconds: 50)
            try expectInOrder(proxy, clients)
        }
    }

    /// Each client sends its number.
    private func ask(_ clients: ArraySlice<TestClient>, _ proxy: ProxyUnderTest) throws {
        for (index, client) in clients.enumerated() {
            try client.ask("\(index)")
            try proxy.run(milliseconds: 50)
        }
    }

    private func expectInOrder(_ proxy: ProxyUnderTest, _ clients: [TestClient]) throws {
        let next = try FakeWorker(serial: 9, on: proxy.loop)
        proxy.order(.routes([Self.route(generation: 2, next)]))
        try proxy.run(until: "they are out") { try next.take() == clients.count }
        #expect(next.jobs.map { String(decoding: $0.body, as: UTF8.self) } == ["0", "1", "2"])
        for client in clients { client.close() }
        next.close()
    }

    @Test("a request's 504 is on time though its successor gives others more time")
    func deadline() throws {
        try withProxy { proxy, workers in
            proxy.order(.routes([Self.route(generation: 1, milliseconds: 600, workers[0])]))
            let clients = try (0..<2).map { _ in try TestClient(proxy) }
            let start = Loop.nanoseconds
            try clients[0].ask("old")
            try proxy.run(until: "it is out") { try workers[0].take() == 1 }
            proxy.order(.routes([Self.route(generation: 2)]))
            try clients[1].ask("new")
            try proxy.run(milliseconds: 50)
            workers[0].drop()
            proxy.order(.workerExited(serial: 1, death: .external))
            try proxy.run(until: "it is late", within: 5_000) { clients[0].statuses == [504] }
            let took = Loop.nanoseconds - start
            #expect(took > 590_000_000 && took < 2_000_000_000, "\(took) ns")
            #expect(clients[1].statuses == [])
            for client in clients { client.close() }
        }
    }
}
