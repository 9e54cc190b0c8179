import Testing

@testable import ApusWire

@Suite("Prometheus text")
struct PrometheusTextTests {
    static func text(_ memory: MetricsMemory) -> String {
        var bytes: [UInt8] = []
        PrometheusText(MetricsTotals(memory), build: "0.1.0").write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The lines of a family but for its help and type.
    static func family(_ name: String, in text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { line in
            line.hasPrefix(name)
                && ["{", " ", "_"].contains(String(line.dropFirst(name.count).prefix(1)))
        }
    }

    static func busyServer() -> TestMemory {
        let server = TestMemory.server(proxies: 2)
        for slot in 0..<2 {
            let proxy = ProxyMetrics(server.memory.proxy(slot: slot))
            let series = proxy.series(model: "iris", version: 3)
            series.record(.example)
            series.record(.refusal(status: 503))
            series.recordRetry()
            proxy.recordRequest(.other, status: 404)
            proxy.recordParseError(status: 431)
            proxy.connectionOpened()
            proxy.connectionOpened()
            proxy.connectionClosed()
        }
        let supervisor = SupervisorMetrics(server.memory.supervisor, startedAt: 1_700_000_000_250)
        supervisor.setProxies(2)
        supervisor.proxyRestarted()
        let pool = supervisor.pool(model: "iris", version: 3)
        pool.set(isServed: true, isReady: true)
        pool.setWorkers(.serving, 4)
        pool.workerRestarted()
        return server
    }

    @Test("the text of a server's totals, byte for byte")
    func golden() {
        #expect(Self.text(Self.busyServer().memory) == goldenPrometheusText)
    }

    @Test("the text keeps to the exposition format")
    func valid() throws {
        try ExpositionChecker.check(Self.text(Self.busyServer().memory))
        try ExpositionChecker.check(Self.text(TestMemory.server(proxies: 1).memory))
    }

    @Test(
        "any model name comes out as a valid label",
        arguments: [
            "a\"b", "a\\b", "a\nb", "{},=", "", "modèle", "\u{1}",
            String(repeating: "x", count: 255),
        ])
    func escaping(name: String) throws {
        let server = TestMemory.server(proxies: 1)
        ProxyMetrics(server.memory.proxy(slot: 0)).series(model: name, version: -1).record(.example)
        let series = try ExpositionChecker.check(Self.text(server.memory))
        let rows = series.filter { $0.name == "apus_rows_total" }
        #expect(rows.map(\.labels) == [["model": name, "version": "-1"]])
    }

    @Test("models are in the order of names, then of versions as numbers")
    func order() {
        let server = TestMemory.server(proxies: 1)
        let proxy = ProxyMetrics(server.memory.proxy(slot: 0))
        for (name, version) in [("b", 1), ("a", 10), ("a", 9)] {
            proxy.series(model: name, version: version).record(.example)
        }
        #expect(
            Self.family("apus_rows_total", in: Self.text(server.memory)) == [
                #"apus_rows_total{model="a",version="9"} 2"#,
                #"apus_rows_total{model="a",version="10"} 2"#,
                #"apus_rows_total{model="b",version="1"} 2"#,
            ])
    }

    @Test("a version that is gone has no gauges, and keeps its restarts")
    func goneVersion() {
        let server = Self.busyServer()
        let supervisor = SupervisorMetrics(server.memory.supervisor, startedAt: 5)
        supervisor.pool(model: "iris", version: 3).set(isServed: false, isReady: false)
        let text = Self.text(server.memory)
        #expect(Self.family("apus_model_ready", in: text) == [])
        #expect(Self.family("apus_workers", in: text) == [])
        #expect(
            Self.family("apus_worker_restarts_total", in: text)
                == [#"apus_worker_restarts_total{model="iris",version="3"} 1"#])
    }

    @Test("what counts together for lack of room is labelled \"other\"")
    func other() throws {
        let memory = TestMemory.server(proxies: 1)
        let series = ProxyMetrics(memory.memory.proxy(slot: 0)).series(model: "iris", version: 1)
        for status in 200...300 {
            var request = RequestMeasurement.example
            request.status = status
            series.record(request)
        }
        let requests = Self.family("apus_requests_total", in: Self.text(memory.memory))
        #expect(
            requests.last
                == #"apus_requests_total{model="other",version="0",protocol="other",code="other"} 37"#
        )
    }

    @Test(
        "a duration of any number of nanoseconds is written without loss",
        arguments: [
            (0, "0"), (1, "0.000000001"), (2_500_000, "0.0025"), (1_000_000_000, "1"),
            (30_000_000_001, "30.000000001"), (UInt64.max, "18446744073.709551615"),
        ])
    func seconds(nanoseconds: UInt64, wanted: String) {
        var sink = TextSink()
        sink.append(nanoseconds, per: 1_000_000_000)
        #expect(String(decoding: sink.bytes, as: UTF8.self) == wanted)
    }

    @Test("numbers of every width are written as Swift writes them")
    func decimals() {
        let powers = (0..<20).map { (0..<$0).reduce(UInt64(1)) { power, _ in power * 10 } }
        for value in powers.flatMap({ [$0 - 1, $0, $0 + 1] }) + [UInt64.max] {
            var sink = TextSink()
            sink.append(decimal: value)
            #expect(String(decoding: sink.bytes, as: UTF8.self) == String(value))
        }
    }

    @Test("what is written goes behind what was there")
    func appends() {
        var bytes = Array("before\n".utf8)
        PrometheusText(MetricsTotals(TestMemory.server(proxies: 1).memory), build: "1").write(
            into: &bytes)
        #expect(String(decoding: bytes.prefix(13), as: UTF8.self) == "before\n# HELP")
    }
}
