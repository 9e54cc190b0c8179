import Testing

@testable import LoadtestCore

@Suite("JSON")
struct JSONTests {
    @Test(
        "what is read is written again the same",
        arguments: [
            #"{"a":[1,2.50,-3e-7],"b":null,"c":"é\n\"\\","d":[true,false,{}]}"#, "[]",
            "12345678901234567890",
        ])
    func roundTrip(_ text: String) throws {
        #expect(try JSON.parse(text).text == text)
    }

    @Test("bare NaN and infinities are numbers, as model servers write them")
    func nonFinite() throws {
        let values = try JSON.parse("[NaN,Infinity,-Infinity]").array ?? []
        #expect(values.map { $0.double?.isFinite } == [false, false, false])
    }

    @Test(
        "escapes are read",
        arguments: [
            (#""\u00e9\ud83d\ude00\/""#, "é😀/"), (#""\b\f\r\t""#, "\u{8}\u{c}\r\t"),
        ])
    func escapes(_ text: String, _ expected: String) throws {
        #expect(try JSON.parse(text).string == expected)
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", "{", "[1,]", "{\"a\"}", "01x", "nul", "\"\\ud800\"", "[1] 2", "\"\u{1}\"",
            String(repeating: "[", count: 200),
        ])
    func refuses(_ text: String) {
        #expect(throws: JSON.SyntaxError.self) { try JSON.parse(text) }
    }
}

@Suite("Quantities")
struct QuantityTests {
    @Test(
        "times are read with their units",
        arguments: [
            ("250us", 250_000), ("20ms", 20_000_000), ("1.5s", 1_500_000_000),
            ("2m", 120_000_000_000),
            ("3", 3_000_000_000), ("7ns", 7),
        ] as [(String, UInt64)])
    func reads(_ text: String, _ nanoseconds: UInt64) {
        #expect(Quantity.nanoseconds(text) == nanoseconds)
    }

    @Test("what is no time is none", arguments: ["", "ms", "-1s", "1 fortnight", "nan", "1e300s"])
    func refuses(_ text: String) {
        #expect(Quantity.nanoseconds(text) == nil)
    }

    @Test("what is no finite count is none", arguments: ["", "k", "-1", "inf", "1e308M"])
    func refusesCounts(_ text: String) {
        #expect(Quantity.count(text) == nil)
    }

    @Test(
        "durations are shown with three digits and a unit",
        arguments: [
            (812.0, "0.81 µs"), (12_345, "12.3 µs"), (999_700, "1.00 ms"), (12_345_678, "12.3 ms"),
            (1_000_000_000, "1.00 s"), (75e9, "75.0 s"),
        ])
    func shows(_ nanoseconds: Double, _ text: String) {
        #expect(Quantity.duration(nanoseconds) == text)
    }

    @Test("fixed numbers round and never use exponents")
    func fixed() {
        #expect(Quantity.fixed(0.05, 3) == "0.050")
        #expect(Quantity.fixed(-1.005, 1) == "-1.0")
        #expect(Quantity.fixed(1e-9, 2) == "0.00")
        #expect(Quantity.grouped(1_234_567) == "1 234 567")
        #expect(Quantity.trimmed(99.9) == "99.9")
        #expect(Quantity.percent(0.0005) == "0.050 %")
    }
}

@Suite("Endpoint")
struct EndpointTests {
    @Test("a URL is read into address, authority and path")
    func reads() throws {
        let endpoint = try Endpoint(url: "http://127.0.0.1:8080/v2/models/iris?x=1")
        #expect(endpoint.address == .tcp(host: "127.0.0.1", port: 8080))
        #expect(endpoint.authority == "127.0.0.1:8080")
        #expect(endpoint.path == "/v2/models/iris?x=1")
        #expect(try Endpoint(url: "127.0.0.1").address == .tcp(host: "127.0.0.1", port: 80))
        #expect(try Endpoint(url: "http://[::1]:81/").address == .tcp(host: "::1", port: 81))
        let unix = try Endpoint(url: "unix:/run/a.sock:/ping")
        #expect(unix.address == .unix(path: "/run/a.sock"))
        #expect(unix.path == "/ping")
    }

    @Test(
        "what cannot be reached is refused in a sentence",
        arguments: [
            "https://127.0.0.1/", "ftp://127.0.0.1", "http://:80/", "http://127.0.0.1:99999/",
            "unix:",
            "http://127.0.0.1:0/",
        ])
    func refuses(_ url: String) {
        #expect(throws: UsageError.self) { try Endpoint(url: url) }
    }
}
