import Testing

@testable import ApusWire

@Suite("Metrics totals")
struct MetricsTotalsTests {
    static let iris = ModelKey(name: "iris", version: 1)

    @Test("the totals are the sum over the regions of all proxies")
    func sum() throws {
        let server = TestMemory.server(proxies: 3)
        for slot in 0..<3 {
            let series = ProxyMetrics(server.memory.proxy(slot: slot)).series(
                model: "iris", version: 1)
            for _ in 0...slot { series.record(.example) }
            series.setQueueLength(10)
        }
        let model = try #require(MetricsTotals(server.memory).model(Self.iris))
        #expect(model.values[ModelField.successes] == 6)
        #expect(model.values[ModelField.rows] == 12)
        #expect(model.values[ModelField.queueLength] == 30)
        #expect(model.values[ModelField.lastInference] == 1_700_000_000_000)
        #expect(model.requests == [RequestKey(.openInference, status: 200): 6])
        #expect(model.batches == [2: [6, 12_000, 2_400_000, 18_000]])
    }

    @Test(
        "a proxy started again in a slot counts on where the dead one stopped, without its gauges")
    func restart() throws {
        let server = TestMemory.server(proxies: 1)
        for life in UInt64(1)...3 {
            let proxy = ProxyMetrics(server.memory.proxy(slot: 0))
            #expect(MetricsTotals(server.memory).process[ProcessField.openConnections] == 0)
            let series = proxy.series(model: "iris", version: 1)
            proxy.connectionOpened()
            series.record(.example)
            series.record(.refusal(status: 503))
            series.setInFlight(4)
            let totals = MetricsTotals(server.memory)
            let model = try #require(totals.model(Self.iris))
            #expect(model.values[ModelField.successes] == life)
            #expect(model.values[ModelField.inFlight] == 4)
            #expect(model.requests[RequestKey(.openInference, status: 503)] == life)
            #expect(totals.process[ProcessField.acceptedConnections] == life)
            #expect(totals.process[ProcessField.openConnections] == 1)
        }
    }

    @Test("the supervisor takes back a dead proxy's gauges and leaves its counters")
    func clearGauges() throws {
        let server = TestMemory.server(proxies: 1)
        let series = ProxyMetrics(server.memory.proxy(slot: 0)).series(model: "iris", version: 1)
        series.record(.example)
        series.setQueueLength(7)
        server.memory.proxy(slot: 0).clearGauges()
        let model = try #require(MetricsTotals(server.memory).model(Self.iris))
        #expect(model.values[ModelField.queueLength] == 0)
        #expect(model.values[ModelField.successes] == 1)
    }

    @Test("a refused request counts as a failure, with its time, and in no phase but the total")
    func refusal() throws {
        let server = TestMemory.server(proxies: 1)
        let series = ProxyMetrics(server.memory.proxy(slot: 0)).series(model: "iris", version: 1)
        series.record(.refusal(status: 503))
        let model = try #require(MetricsTotals(server.memory).model(Self.iris))
        #expect(model.values[ModelField.failures] == 1)
        #expect(model.values[ModelField.failureTime] == 9_000)
        #expect(model.values[ModelField.successes] == 0)
        let counts = [ModelField.total, ModelField.queue, ModelField.batchWait, ModelField.compute]
            .map { model.count($0, buckets: DurationBuckets.count) }
        #expect(counts == [1, 0, 0, 0])
    }

    @Test("a run counts once, however many requests were in it")
    func runs() throws {
        let server = TestMemory.server(proxies: 1)
        let series = ProxyMetrics(server.memory.proxy(slot: 0)).series(model: "iris", version: 1)
        for index in 0..<3 {
            var request = RequestMeasurement.example
            request.runRowCount = 6
            request.isFirstOfRun = index == 0
            series.record(request)
        }
        let model = try #require(MetricsTotals(server.memory).model(Self.iris))
        #expect(model.count(ModelField.batchRows, buckets: RowBuckets.count) == 1)
        #expect(model.values[ModelField.rows] == 6)
        #expect(model.batches == [6: [1, 6_000, 400_000, 9_000]])
    }

    @Test(
        "when a model has too many statuses or run sizes, the rest counts together and none is lost"
    )
    func manySeries() throws {
        let server = TestMemory.server(proxies: 1)
        let series = ProxyMetrics(server.memory.proxy(slot: 0)).series(model: "iris", version: 1)
        for index in 0..<100 {
            var request = RequestMeasurement.example
            request.status = 200 + index
            request.runRowCount = UInt32(1 + index)
            series.record(request)
        }
        let totals = MetricsTotals(server.memory)
        let model = try #require(totals.model(Self.iris))
        #expect(model.requests.count == 64)
        #expect(model.batches.count == 64)
        let other = try #require(totals.model(ModelKey(name: "other", version: 0)))
        #expect(other.requests == [.other: 36])
        #expect(other.batches[0]?[BatchField.runs] == 36)
    }

    @Test("in a full region new models count as \"other\", and the sums stay right")
    func fullRegion() throws {
        let memory = TestMemory(byteCount: 16384)
        let proxy = ProxyMetrics(memory.region)
        for version in 1...40 { proxy.series(model: "iris", version: version).record(.example) }
        for status in 400...599 {
            proxy.recordRequest(.other, status: status)
            proxy.recordParseError(status: status)
        }
        let totals = MetricsTotals([memory.region])
        #expect(totals.models.count < 41)
        #expect(totals.models.contains { $0.key == ModelKey(name: "other", version: 0) })
        #expect(totals.models.reduce(0) { $0 + $1.values[ModelField.successes] } == 40)
        let requests = totals.models.flatMap(\.requests.values) + totals.requests.values
        #expect(requests.reduce(0, +) == 240)
        #expect(totals.parseErrors.values.reduce(0, +) == 200)
    }

    @Test("a name too long for a series counts as \"other\"")
    func longName() throws {
        let memory = TestMemory(byteCount: 16384)
        let name = String(repeating: "n", count: 256)
        ProxyMetrics(memory.region).series(model: name, version: 1).record(.example)
        #expect(MetricsTotals([memory.region]).models.map(\.key.name) == ["other"])
    }

    @Test("while a proxy counts and is replaced, no sum a reader sees goes backwards")
    func monotonic() {
        let server = TestMemory.server(proxies: 2)
        var random = SeededGenerator(seed: 1)
        var seen = [UInt64](repeating: 0, count: ModelField.count)
        let gauges = Set(SeriesKind.model.gauges)
        var proxies = (0..<2).map { ProxyMetrics(server.memory.proxy(slot: $0)) }
        for _ in 0..<300 {
            let slot = Int.random(in: 0..<2, using: &random)
            if Int.random(in: 0..<10, using: &random) == 0 {
                proxies[slot] = ProxyMetrics(server.memory.proxy(slot: slot))
            }
            var request = RequestMeasurement.example
            request.status = [200, 200, 400, 503].randomElement(using: &random)!
            request.totalNanoseconds = .random(in: 0..<40_000_000_000, using: &random)
            proxies[slot].series(model: "iris", version: 1).record(request)
            guard let now = MetricsTotals(server.memory).model(Self.iris)?.values else { continue }
            for index in now.indices where !gauges.contains(index) {
                #expect(now[index] >= seen[index])
            }
            seen = now
        }
    }

    @Test("random bytes in a region make the sums wrong and nothing worse")
    func corruption() {
        let memory = TestMemory(byteCount: 16384)
        var random = SeededGenerator(seed: 2)
        for round in 0..<140 {
            memory.clear()
            ProxyMetrics(memory.region).series(model: "iris", version: 1).record(.example)
            _ = SupervisorMetrics(memory.region, startedAt: 5).pool(model: "iris", version: 1)
            // From a few flipped bytes to a region of noise behind a header that looks right.
            for _ in 0..<(1 << (round % 14)) {
                let offset = Int.random(in: 8..<16384, using: &random)
                memory.bytes[offset] = .random(in: 0...255, using: &random)
            }
            render([memory.region])
        }
    }

    @Test("a region of blocks with random kinds, keys and names is read to its end")
    func randomBlocks() {
        let memory = TestMemory(byteCount: 8192)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<40 {
            memory.clear()
            memory.region.open()
            while let kind = SeriesKind.allCases.randomElement(using: &random),
                let block = memory.region.block(
                    kind,
                    key: .random(in: 0...512, using: &random)
                        &* .random(in: 0...(.max), using: &random))
            {
                let body =
                    block.offset + 8..<block.offset + SeriesBlock.byteCount(kind, nameByteCount: 0)
                for offset in body { memory.bytes[offset] = .random(in: 0...255, using: &random) }
            }
            render([memory.region])
        }
    }

    private func render(_ regions: [MetricsRegion]) {
        let totals = MetricsTotals(regions)
        var text: [UInt8] = []
        PrometheusText(totals, build: "1").write(into: &text)
        ModelStatistics(totals).write(
            totals.models.map { ($0.key.name, $0.key.version) }, into: &text)
        #expect(!text.isEmpty)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014), so that a failing run can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
