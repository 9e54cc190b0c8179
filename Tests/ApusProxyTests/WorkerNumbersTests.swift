import ApusWire
import Testing

@testable import ApusProxy

@Suite("Numbers that workers say")
struct WorkerNumbersTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var rowCount: UInt32 = 1
        var runRowCount: UInt32 = 1
        var decode: UInt64 = 0
        var compute: UInt64 = 0
        var encode: UInt64 = 0
        let cost: UInt64

        var result: ResultFrame {
            var frame = ResultFrame(
                requestID: 1, bodyByteCount: 0, status: 200, requestRowCount: rowCount, runRowCount: runRowCount)
            (frame.timing.decode, frame.timing.compute, frame.timing.encode) = (decode, compute, encode)
            return frame
        }
    }

    @Test("a request costs its decoding, its encoding and its part of the run, and a second at most", arguments: [
        Row(testDescription: "a run of its own", decode: 10, compute: 100, encode: 5, cost: 115),
        Row(testDescription: "a quarter of a run", rowCount: 2, runRowCount: 8, decode: 10, compute: 100, cost: 35),
        Row(testDescription: "a long run", compute: 5_000_000_000, cost: 1_000_000_000),
        Row(testDescription: "a small part of a long run", rowCount: 1, runRowCount: 1000, compute: 5_000_000_000,
            cost: 5_000_000),
        Row(testDescription: "more rows than the run", rowCount: .max, compute: 100, cost: 1_000_000_000),
        Row(testDescription: "rows and time that no number holds", rowCount: .max, runRowCount: .max, compute: .max,
            cost: 1_000_000_000),
        Row(testDescription: "times that no number holds together", decode: .max, compute: .max, encode: .max,
            cost: 1_000_000_000),
    ])
    func cost(_ row: Row) {
        #expect(ServedModel.cost(of: row.result) == row.cost)
    }

    @Test("whatever a worker says of rows and times, its answer arrives, is counted, and others are served")
    func largest() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            for count in 1...3 {
                try client.ask("body")
                try proxy.run(until: "it is out") { try workers[0].take() == 1 }
                try workers[0].answer { frame in
                    (frame.requestRowCount, frame.runRowCount) = (.max, count == 2 ? 1 : .max)
                    frame.inferenceHeaderByteCount = .max
                    frame.flags.isFirstOfRun = true
                    frame.timing.decode = .max
                    frame.timing.batchWait = .max
                    frame.timing.compute = .max
                    frame.timing.encode = .max
                }
                try proxy.run(until: "it is answered") { client.statuses.count == count }
            }
            try client.send("GET /metrics HTTP/1.1\r\nHost: test\r\n\r\nGET /v2/models/stats HTTP/1.1\r\nHost: test\r\n\r\n")
            try proxy.run(until: "the sums are written") { client.statuses.count == 5 }
            #expect(client.statuses == [200, 200, 200, 200, 200])
            client.close()
        }
    }
}
