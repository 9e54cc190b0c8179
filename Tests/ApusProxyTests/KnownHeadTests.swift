import ApusWire
import Testing

@testable import ApusProxy

@Suite("Known heads")
struct KnownHeadTests {
    static let text = "POST /v2/models/iris/infer HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n"

    /// Puts a head among the known ones of an idle proxy.
    private func withKnown(_ text: String = text, _ check: (IdleProxy, Int) throws -> Void) throws {
        let proxy = try IdleProxy([.test("iris")])
        let place = proxy.process.knownHeads.takePlace()
        try Self.bytes(text) { bytes in
            var scanned = 0
            guard case .head(let head) = try HTTPRequestHead.parse(bytes, scanned: &scanned, limits: HTTPLimits())
            else { return #expect(Bool(false), "the head is whole") }
            let model = try #require(proxy.process.catalog.find("iris")?.latest)
            let route = InferenceRoute(model, .openInference, .openInference)
            proxy.process.knownHeads.keep(head, bytes, at: place, route)
        }
        try check(proxy, place)
    }

    private static func bytes<R>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try Array(text.utf8).withUnsafeBytes(body)
    }

    private static func finds(_ proxy: IdleProxy, _ text: String, at place: Int) -> Bool {
        bytes(text) { proxy.process.knownHeads.find($0, at: place) != nil }
    }

    @Test("a head is found again by all its bytes, whatever is behind them")
    func found() throws {
        try withKnown { proxy, place in
            #expect(Self.finds(proxy, Self.text, at: place))
            #expect(Self.finds(proxy, Self.text + "{}", at: place))
            for count in 0..<Self.text.utf8.count {
                let part = String(decoding: Array(Self.text.utf8)[..<count], as: UTF8.self)
                #expect(!Self.finds(proxy, part, at: place), "\(count) bytes of it")
            }
            let known = try #require(Self.bytes(Self.text) { proxy.process.knownHeads.find($0, at: place) })
            #expect(known.head.framing == .length(9))
            #expect(known.route?.model.route.name == "iris")
        }
    }

    @Test("one byte makes another head")
    func another() throws {
        try withKnown { proxy, place in
            for index in 0..<Self.text.utf8.count {
                var text = Array(Self.text.utf8)
                text[index] ^= 1
                #expect(text.withUnsafeBytes { proxy.process.knownHeads.find($0, at: place) } == nil)
            }
        }
    }

    @Test("it is found where it was left")
    func place() throws {
        try withKnown { proxy, place in
            for _ in 1..<KnownHeads.placeCount {
                #expect(!Self.finds(proxy, Self.text, at: proxy.process.knownHeads.takePlace()))
            }
            #expect(proxy.process.knownHeads.takePlace() == place)
        }
    }

    @Test("none outlives the routes")
    func routes() throws {
        try withKnown { proxy, place in
            proxy.process.handle(.routes([.test("iris")]))
            #expect(!Self.finds(proxy, Self.text, at: place))
        }
    }

    @Test("a head with an id is not kept, nor a long one", arguments: [
        "x-request-id: 7", "x-long: \(String(repeating: "a", count: KnownHead.byteLimit))",
    ])
    func unkept(_ field: String) throws {
        let text = Self.text.replacing("host: a", with: "host: a\r\n\(field)")
        try withKnown(text) { proxy, place in #expect(!Self.finds(proxy, text, at: place)) }
    }
}
