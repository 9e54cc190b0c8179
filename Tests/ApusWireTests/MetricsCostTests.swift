import Glibc
import Testing

@testable import ApusWire

@Suite("Metrics cost", .serialized)
struct MetricsCostTests {
    @Test("requests are recorded where no memory is left, so recording allocates none")
    func allocatesNothing() async {
        await #expect(processExitsWith: .success) {
            let server = TestMemory.server(proxies: 1)
            let proxy = ProxyMetrics(server.memory.proxy(slot: 0))
            let series = proxy.series(model: "iris", version: 1)
            MetricsCostTests.record(proxy, series)
            MetricsCostTests.exhaustMemory()
            for _ in 0..<1000 { MetricsCostTests.record(proxy, series) }
            _exit(malloc(16) == nil ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    static func record(_ proxy: ProxyMetrics, _ series: ModelSeries) {
        series.record(.example)
        series.record(.refusal(status: 503))
        series.setQueueLength(3)
        proxy.recordRequest(.other, status: 404)
        proxy.recordParseError(status: 400)
        proxy.connectionOpened()
        proxy.connectionClosed()
    }

    /// Forbids the process to grow, and takes all that its heap still has.
    static func exhaustMemory() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &none)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &none)
        var byteCount = 1 << 20
        while byteCount >= 16 {
            while malloc(byteCount) != nil {}
            byteCount = byteCount > 1024 ? byteCount / 2 : byteCount - 16
        }
    }

    @Test("a region has room for 600 model versions in three protocols")
    func manyModels() {
        let server = TestMemory.server(proxies: 1)
        let proxy = ProxyMetrics(server.memory.proxy(slot: 0))
        for version in 1...600 {
            let series = proxy.series(model: "a-model-with-a-name", version: version)
            for servingProtocol in [ServingProtocol.openInference, .predict, .mlflow] {
                var request = RequestMeasurement.example
                request.servingProtocol = servingProtocol
                series.record(request)
            }
        }
        let totals = MetricsTotals(server.memory)
        #expect(totals.models.count == 600)
        #expect(totals.models.allSatisfy { $0.requests.count == 3 && $0.batches.count == 1 })
    }
}
