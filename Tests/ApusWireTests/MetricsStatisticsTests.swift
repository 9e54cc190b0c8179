import Foundation
import Testing

@testable import ApusWire

@Suite("Model statistics")
struct ModelStatisticsTests {
    static func text(_ memory: MetricsMemory, _ models: [(name: String, version: Int)]) -> String {
        var bytes: [UInt8] = []
        ModelStatistics(MetricsTotals(memory)).write(models, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("the document of one model after a success and a failure, byte for byte")
    func golden() {
        let server = TestMemory.server(proxies: 1)
        let series = ProxyMetrics(server.memory.proxy(slot: 0)).series(model: "iris", version: 3)
        series.record(.example)
        series.record(.refusal(status: 503))
        let wanted =
            #"{"model_stats":[{"name":"iris","version":"3","last_inference":1700000000000,"#
            + #""inference_count":2,"execution_count":1,"inference_stats":{"#
            + #""success":{"count":1,"ns":500000},"fail":{"count":1,"ns":9000},"#
            + #""queue":{"count":1,"ns":30000},"compute_input":{"count":1,"ns":2000},"#
            + #""compute_infer":{"count":1,"ns":400000},"compute_output":{"count":1,"ns":3000},"#
            + #""cache_hit":{"count":0,"ns":0},"cache_miss":{"count":0,"ns":0}},"response_stats":{},"#
            + #""batch_stats":[{"batch_size":2,"compute_input":{"count":1,"ns":2000},"#
            + #""compute_infer":{"count":1,"ns":400000},"compute_output":{"count":1,"ns":3000}}],"#
            + #""memory_usage":[]}]}"#
        #expect(Self.text(server.memory, [("iris", 3)]) == wanted)
    }

    @Test("each version asked for is listed in that order, all zeros when it had no request")
    func order() throws {
        let server = TestMemory.server(proxies: 1)
        ProxyMetrics(server.memory.proxy(slot: 0)).series(model: "iris", version: 1).record(
            .example)
        let text = Self.text(server.memory, [("wine", 2), ("iris", 1), ("a \"b\"\u{1}", 1)])
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [[String: Any]]])
        let models = try #require(document["model_stats"])
        #expect(models.map { $0["name"] as? String } == ["wine", "iris", "a \"b\"\u{1}"])
        #expect(models.map { $0["inference_count"] as? Int } == [0, 2, 0])
    }

    @Test("batch sizes are listed from small to large, without the one that stands for the rest")
    func batches() throws {
        let server = TestMemory.server(proxies: 1)
        let series = ProxyMetrics(server.memory.proxy(slot: 0)).series(model: "iris", version: 1)
        for rowCount in [9, 1, 300, 9] as [UInt32] {
            var request = RequestMeasurement.example
            request.runRowCount = rowCount
            series.record(request)
        }
        let text = Self.text(server.memory, [("iris", 1)])
        let sizes = text.split(separator: "\"batch_size\":").dropFirst().map {
            Int($0.prefix { $0.isNumber })
        }
        #expect(sizes == [1, 9, 300])
    }

    @Test("no model gives a document with an empty list")
    func none() {
        #expect(Self.text(TestMemory.server(proxies: 1).memory, []) == #"{"model_stats":[]}"#)
    }
}
