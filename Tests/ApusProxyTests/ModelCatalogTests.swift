import ApusWire
import Testing

@testable import ApusProxy

@Suite("Model catalog")
struct ModelCatalogTests {
    @Test("versions of a name are one entry, the highest first, in whatever order they come")
    func versions() throws {
        let proxy = try IdleProxy([.test("a", version: 2), .test("b"), .test("a", version: 10), .test("a")])
        let catalog = proxy.process.catalog
        #expect(catalog.entries.map(\.name) == ["a", "b"])
        #expect(catalog.find("a")?.versions.map(\.route.version) == [10, 2, 1])
        #expect(catalog.models.count == 4)
        #expect(catalog.find("c") == nil)
    }

    @Test("a request without a version means the highest that is ready, else the highest")
    func latest() throws {
        let proxy = try IdleProxy([
            .test("a", version: 1), .test("a", version: 2), .test("a", version: 3, state: .loading),
            .test("b", version: 1, state: .unavailable), .test("b", version: 2, state: .loading),
        ])
        #expect(proxy.process.catalog.find("a")?.latest?.route.version == 2)
        #expect(proxy.process.catalog.find("b")?.latest?.route.version == 2)
    }

    @Test("a path names a version by its number or by a label, or means the newest")
    func choice() throws {
        let proxy = try IdleProxy([
            .test("a", version: 1, labels: ["stable", "old"]), .test("a", version: 2, labels: ["canary"]),
        ])
        let catalog = proxy.process.catalog
        func version(_ path: String) throws -> Int? {
            var path = path
            return try path.withUTF8 { bytes in
                var segments = PathSegments(UnsafeRawBufferPointer(bytes))
                let name = try #require(try segments.next())
                let kind = try segments.next()
                let value = try segments.next()
                var choice = VersionChoice.newest
                if let kind, let value { choice = kind == "labels" ? .label(value) : .number(value) }
                return try? catalog.find(name, choice).get().model.route.version
            }
        }
        #expect(try version("/a") == 2)
        #expect(try version("/a/versions/1") == 1)
        #expect(try version("/a/labels/stable") == 1)
        #expect(try version("/a/labels/ol%64") == 1)
        #expect(try version("/a/labels/canary") == 2)
        #expect(try version("/a/labels/") == nil)
        #expect(try version("/a/labels/gone") == nil)
        #expect(try version("/a/versions/3") == nil)
        #expect(try version("/b/labels/stable") == nil)
    }

    @Test(
        "what waits for a version that is gone goes to another one, unless it named its version",
        arguments: [false, true])
    func gone(namesVersion: Bool) throws {
        let proxy = try IdleProxy([.test("a", version: 1), .test("a", version: 2)])
        let old = try #require(proxy.process.catalog.find("a")?.versions.last)
        let request = proxy.process.requests.take()
        request.namesVersion = namesVersion
        old.enqueue(request)
        proxy.process.handle(.routes([.test("a", version: 2)]))
        let new = try #require(proxy.process.catalog.find("a")?.latest)
        #expect(new.queue.count == (namesVersion ? 0 : 1))
        let late = proxy.process.requests.take()
        late.namesVersion = namesVersion
        #expect(old.taker(of: late) === (namesVersion ? nil : new))
        #expect(old.refusal(of: late) == (namesVersion ? .unknownVersion(name: "a", version: 1) : .unknownModel(name: "a")))
    }

    @Test("what waits for a generation goes to the next one of its version, which need not be the highest")
    func nextGeneration() throws {
        let proxy = try IdleProxy([.test("a", version: 1), .test("a", version: 2)])
        let old = try #require(proxy.process.catalog.find("a")?.versions.last)
        let request = proxy.process.requests.take()
        request.namesVersion = true
        old.enqueue(request)
        var reloaded = ModelRoute.test("a", version: 1)
        reloaded.generation = 2
        proxy.process.handle(.routes([reloaded, .test("a", version: 2)]))
        #expect(proxy.process.catalog.find("a")?.versions.map(\.queue.count) == [0, 1])
    }

    @Test("the end of a worker that was never connected is forgotten with the worker")
    func deaths() throws {
        let worker = WorkerRoute(serial: 7, socketPath: "/nowhere/7.sock")
        let proxy = try IdleProxy([.test("a", workers: [worker])])
        proxy.process.handle(.workerExited(serial: 7, death: .crash))
        #expect(proxy.process.deaths.count == 1)
        proxy.process.handle(.routes([.test("a")]))
        #expect(proxy.process.deaths.isEmpty)
        proxy.process.loop.run()
    }

    @Test("a version that stays keeps its queue; one of another generation is another model")
    func keeps() throws {
        let proxy = try IdleProxy([.test("a"), .test("b")])
        let before = proxy.process.catalog.models
        var other = ModelRoute.test("b", state: .loading)
        other.generation = 2
        proxy.process.handle(.routes([.test("a", state: .unloading), other, .test("c")]))
        let after = proxy.process.catalog.models
        #expect(after.map(\.route.name) == ["a", "b", "c"])
        #expect(after[0] === before[0] && after[0].route.state == .unloading)
        #expect(after[1] !== before[1])
    }
}
