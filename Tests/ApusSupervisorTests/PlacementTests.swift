import Testing

@testable import ApusSupervisor

@Suite("Placement")
struct PlacementTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let processors: Int, runMicroseconds: UInt64, proxies: Int, workers: Int
        var testDescription: String { "\(processors) processors, a run of \(runMicroseconds) µs" }
    }

    @Test("the processors are divided as a request's cost is", arguments: [
        Row(processors: 1, runMicroseconds: 5, proxies: 1, workers: 1),
        Row(processors: 2, runMicroseconds: 5, proxies: 1, workers: 1),
        Row(processors: 2, runMicroseconds: 110, proxies: 1, workers: 2),
        Row(processors: 4, runMicroseconds: 5, proxies: 2, workers: 2),
        Row(processors: 64, runMicroseconds: 5, proxies: 35, workers: 30),
        Row(processors: 64, runMicroseconds: 110, proxies: 6, workers: 58),
        Row(processors: 64, runMicroseconds: 1_000_000, proxies: 1, workers: 64),
    ])
    func counts(_ row: Row) {
        let placement = Placement(processorCount: row.processors)
        #expect(placement.proxies(runNanoseconds: [row.runMicroseconds * 1000]) == row.proxies)
        #expect(placement.workers(runNanoseconds: row.runMicroseconds * 1000) == row.workers)
    }

    @Test("the fastest of several models decides; without any there is one proxy")
    func fastest() {
        let placement = Placement(processorCount: 64)
        #expect(placement.proxies(runNanoseconds: [1_000_000, 5_000, 110_000]) == 35)
        #expect(placement.proxies(runNanoseconds: []) == 1)
    }

    @Test("proxies and workers are pinned from opposite ends, and meet only when there are too many")
    func processors() {
        let placement = Placement(processorCount: 4)
        #expect((0..<5).map(placement.processor(ofProxy:)) == [0, 1, 2, 3, 0])
        #expect((0..<5).map(placement.processor(ofWorker:)) == [3, 2, 1, 0, 3])
    }
}
