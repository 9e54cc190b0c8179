import ApusWire
import LoopTesting
import Testing

@testable import ApusProxy

@Suite("Links that end before their workers")
struct LostLinkTests {
    @Test("one that ends is made again, and what it had is answered, and suspected of nothing")
    func lost() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            try client.ask("body")
            try proxy.run(until: "it is out") { try workers[0].take() == 1 }
            workers[0].drop()
            try proxy.run(until: "the worker is connected again") { workers[0].linkCount == 2 }
            try proxy.run(until: "the request comes again") { try workers[0].take() == 1 }
            #expect(workers[0].jobs[0].frame.flags.isAlone)
            try workers[0].answer()
            try proxy.run(until: "it is answered") { client.statuses == [200] }
            try client.ask("body")
            try proxy.run(until: "the next one is out") { try workers[0].take() == 1 }
            #expect(proxy.reports == [.ready])
            client.close()
        }
    }

    @Test("a request over which two links end has had its tries")
    func twice() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            try client.ask("body")
            for _ in 1...2 {
                try proxy.run(until: "it is out") { try workers[0].take() == 1 }
                workers[0].drop()
            }
            try proxy.run(until: "it is answered") { client.statuses == [500] }
            try proxy.run(until: "the worker is connected again") { workers[0].linkCount == 3 }
            client.close()
        }
    }

    @Test("a worker that cannot be reached at first is tried again, and says nothing of being ready until then")
    func notYet() throws {
        try withUnreachable { proxy, worker in
            let client = try TestClient(proxy)
            try client.ask("body")
            try client.send("GET /readyz HTTP/1.1\r\nHost: test\r\n\r\n")
            try proxy.run(milliseconds: 400)
            let model = try #require(proxy.process.catalog.models.first)
            #expect(!model.isReady)
            try worker.listen()
            try proxy.run(until: "the request is out") { try worker.take() == 1 }
            try worker.answer()
            try proxy.run(until: "both are answered") { client.statuses == [200, 200] }
            client.close()
        }
    }

    @Test("one that has ended, or is not named any more, is not tried again", arguments: [true, false])
    func gone(hasEnded: Bool) throws {
        try withUnreachable { proxy, worker in
            try proxy.run(milliseconds: 50)
            if hasEnded {
                proxy.order(.workerExited(serial: worker.route.serial, death: .external))
            } else {
                proxy.order(.routes([.test("m")]))
            }
            try worker.listen()
            try proxy.run(milliseconds: 500)
            #expect(worker.linkCount == 0)
            #expect(proxy.process.catalog.models.first?.links.isEmpty == true)
        }
    }

    /// Runs a test with a worker that is named and does not listen.
    private func withUnreachable(_ body: (ProxyUnderTest, FakeWorker) throws -> Void) throws {
        try withLoop { loop in
            let worker = try FakeWorker(listens: false, on: loop)
            let proxy = try ProxyUnderTest([.test("m", workers: [worker.route])], on: loop)
            try body(proxy, worker)
            worker.close()
            proxy.stop()
        }
    }
}
