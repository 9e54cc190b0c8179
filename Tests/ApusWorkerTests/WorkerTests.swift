import ApusProtocols
import ApusWire
import Foundation
import Testing

@testable import ApusWorker

@Suite("Worker")
struct WorkerTests {
    static func iris(_ id: UInt64, parameters: [String: Any]? = nil) throws -> TestRequest {
        let row: [Any] = [5.9, 3.0, 4.2, 1.5 + Double(id) / 100]
        return TestRequest(id, try TestModel.body([row], columns: nil, parameters: parameters))
    }

    @Test(
        "rows get the same answers alone and together, and scikit-learn's labels",
        arguments: ["iris", "tabular", "forest", "mlp"])
    func together(name: String) throws {
        let worker = try RunningWorker(TestModel.load(name))
        let link = try worker.connect()
        let (rows, labels, columns) = try TestModel.rows(name)
        let requests = try rows.enumerated().map { index, row in
            TestRequest(UInt64(index), try TestModel.body([row], columns: columns, id: "r\(index)"))
        }
        let alone = try requests.map { try #require(try link.exchange([$0]).first) }
        let together = try link.exchange(requests)
        #expect(try areSame(together, alone))
        #expect(together.map(\.frame.requestID) == Array(0..<UInt64(rows.count)))
        #expect(together.allSatisfy { $0.frame.status == 200 && $0.frame.requestRowCount == 1 })
        #expect(together.contains { $0.frame.runRowCount > 1 })
        for (answer, label) in zip(together, labels) {
            let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
            let output = try #require((object?["outputs"] as? [[String: Any]])?.first?["data"] as? [Any])
            #expect(output.map { "\($0)" } == [label])
        }
    }

    @Test("a run is counted once, by one of its answers, and tells its rows")
    func runFacts() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let answers = try worker.connect().exchange((0..<5).map { try Self.iris($0) })
        var left = 0
        for answer in answers {
            if answer.frame.flags.contains(.firstOfRun) {
                #expect(left == 0)
                left = Int(answer.frame.runRowCount)
            }
            left -= 1
            #expect(answer.frame.timing.compute > 0)
        }
        #expect(left == 0)
    }

    @Test("a request of more rows than a run may have gets the answers of its rows", arguments: ["iris", "tabular"])
    func large(name: String) throws {
        let (rows, _, columns) = try TestModel.rows(name)
        let body = try TestModel.body(rows, columns: columns)
        let whole = try RunningWorker(TestModel.load(name)).connect().exchange([TestRequest(1, body)])
        let cut = try RunningWorker(TestModel.load(name) { $0.maxBatchRowCount = 7 }).connect()
            .exchange([TestRequest(1, body)])
        #expect(try areSame(cut, whole))
        #expect(cut[0].frame.status == 200 && cut[0].frame.requestRowCount == UInt32(rows.count))
    }

    @Test("a faulty request gets its 400, and its neighbours their answers")
    func faulty() throws {
        let worker = try RunningWorker(TestModel.load("tabular"))
        let link = try worker.connect()
        let (rows, _, columns) = try TestModel.rows("tabular")
        let good = try rows[..<6].map { try TestModel.body([$0], columns: columns) }
        let alone = try good.map { try link.exchange([TestRequest(9, $0)])[0] }
        var requests = good.enumerated().map { TestRequest(UInt64($0), $1) }
        // Wrong in its last input, when five inputs are decoded already.
        var bad = rows[0]
        bad[5] = 7
        requests.insert(TestRequest(100, try TestModel.body([bad], columns: columns)), at: 3)
        requests.insert(TestRequest(101, Array("{".utf8)), at: 5)
        let answers = try link.exchange(requests)
        let refused = answers.filter { $0.frame.requestID >= 100 }
        #expect(refused.map(\.frame.status) == [400, 400])
        #expect(refused.allSatisfy { $0.text.hasPrefix("{\"error\":\"") && $0.frame.runRowCount == 0 })
        let served = answers.filter { $0.frame.requestID < 100 }.sorted { $0.frame.requestID < $1.frame.requestID }
        #expect(try areSame(served, alone))
    }

    @Test("a request that is late is not run: 504 past its deadline, 503 past its own timeout")
    func late() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        var expired = try Self.iris(1)
        expired.frame.deadline = MonotonicClock.now() - 1
        expired.frame.arrivedAt = expired.frame.deadline - 250_000_000
        var impatient = try Self.iris(2, parameters: ["timeout": 1])
        impatient.frame.arrivedAt -= 1_000_000
        let patient = try Self.iris(3, parameters: ["timeout": 30_000_000])
        let answers = try worker.connect().exchange([expired, impatient, patient])
            .sorted { $0.frame.requestID < $1.frame.requestID }
        #expect(answers.map(\.frame.status) == [504, 503, 200])
        #expect(answers[0].text.contains("250 ms"))
        #expect(answers[1].text.contains("Request timeout expired"))
    }

    @Test("a request whose client has gone is answered without a run, and nobody else's is touched")
    func cancelled() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let (link, other) = (try worker.connect(), try worker.connect())
        let requests = try (0..<3).map { try Self.iris($0) }
        try other.send(requests[1].bytes)
        #expect(try other.receive()?.frame.status == 200)
        let unknown = CancelFrame(requestID: 77).bytes
        try link.send(unknown + requests.flatMap(\.bytes) + CancelFrame(requestID: 1).bytes + unknown)
        let answers = try requests.map { _ in try #require(try link.receive()).frame }
            .sorted { $0.requestID < $1.requestID }
        #expect(answers.map(\.status) == [200, 499, 200])
        #expect(answers[1].runRowCount == 0 && answers[0].runRowCount == 2)
        try other.send(requests[1].bytes)
        #expect(try other.receive()?.frame.status == 200)
    }

    @Test("requests behind others in a turn are not run when their clients go meanwhile")
    func cancelledLater() throws {
        let worker = try RunningWorker(TestModel.load("small/slow", isBatchable: false))
        let link = try worker.connect()
        // Some 20 ms each.
        try link.send((0..<20).flatMap { Self.slow($0, turns: 20_000).bytes })
        #expect(try link.receive()?.frame.requestID == 0)
        // The cancels come behind a request that waits for the next turn.
        try link.send(Self.slow(20, turns: 1).bytes + (1..<20).flatMap { CancelFrame(requestID: $0).bytes })
        let answers = try (1...20).map { _ in try #require(try link.receive()).frame }
        #expect(answers.map(\.requestID) == Array(1...20) && answers.last?.status == 200)
        let cancelled = answers.filter { $0.status == 499 }
        #expect(cancelled.count >= 10 && cancelled.allSatisfy { $0.runRowCount == 0 })
        #expect(answers.allSatisfy { $0.status == 499 || $0.status == 200 })
    }

    @Test("what comes during a turn is answered, however much it is")
    func fullInbox() throws {
        let worker = try RunningWorker(TestModel.load("small/slow", isBatchable: false))
        let link = try worker.connect()
        try link.send(Self.slow(0, turns: 100_000).bytes + Self.slow(1, turns: 1).bytes)
        // More than an inbox holds, while the first one runs.
        let count = UInt64(2 * FrameInbox.restingCapacity / Self.slow(2, turns: 1).bytes.count)
        try link.send((2..<count).flatMap { Self.slow($0, turns: 1).bytes })
        let answers = try (0..<count).map { _ in try #require(try link.receive()).frame }
        #expect(answers.map(\.requestID) == Array(0..<count) && answers.allSatisfy { $0.status == 200 })
    }

    @Test("a request that takes several runs is left between two of them when it is late, or its client has gone")
    func leftInPieces() throws {
        let worker = try RunningWorker(TestModel.load("small/slow") { $0.maxBatchRowCount = 1 })
        let link = try worker.connect()
        // Some 20 ms for each of the rows.
        var late = Self.slow(0, turns: 20_000, rowCount: 500)
        late.frame.deadline = late.frame.arrivedAt + 200_000_000
        let began = ContinuousClock.now
        #expect(try link.exchange([late]).map(\.frame.status) == [504])
        try link.send(Self.slow(1, turns: 20_000, rowCount: 500).bytes)
        usleep(100_000)
        try link.send(CancelFrame(requestID: 1).bytes)
        #expect(try link.receive()?.frame.status == 499)
        #expect(ContinuousClock.now - began < .seconds(4), "1000 rows take 20 s")
        #expect(try link.exchange([Self.slow(2, turns: 1, rowCount: 3)]).map(\.frame.status) == [200])
    }

    private static func slow(_ id: UInt64, turns: Int, rowCount: Int = 1) -> TestRequest {
        let data = Array(repeating: "\(turns)", count: rowCount).joined(separator: ",")
        let input = #"{"name":"x","shape":[\#(rowCount),1],"datatype":"FP32","data":[\#(data)]}"#
        return TestRequest(id, Array(#"{"inputs":[\#(input)]}"#.utf8))
    }

    @Test("a request marked alone shares no run")
    func alone() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        var requests = try (0..<3).map { try Self.iris($0) }
        requests[1].frame.flags.insert(.alone)
        let answers = try worker.connect().exchange(requests)
        let marked = try #require(answers.first { $0.frame.requestID == 1 })
        #expect(marked.frame.runRowCount == 1 && marked.frame.flags.contains(.firstOfRun))
        #expect(answers.allSatisfy { $0.frame.status == 200 })
    }

    @Test("a model that is not batchable runs each request by itself, in one turn")
    func unbatchable() throws {
        let worker = try RunningWorker(TestModel.load("iris", isBatchable: false))
        let answers = try worker.connect().exchange((0..<4).map { try Self.iris($0) })
        #expect(answers.allSatisfy { $0.frame.status == 200 && $0.frame.flags.contains(.firstOfRun) })
    }

    @Test("a link that sends what is no frame is closed; the others are served")
    func garbage() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let good = try worker.connect()
        let bad = try worker.connect()
        #expect(try good.exchange([Self.iris(1)]).count == 1)
        try bad.send(Array("GET / HTTP/1.1\r\nHost: worker\r\n\r\n".utf8))
        #expect(try bad.receive() == nil)
        #expect(try good.exchange([Self.iris(2)]).map(\.frame.status) == [200])
    }

    @Test("frames that come byte by byte are answered")
    func byteByByte() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let link = try worker.connect()
        for byte in try Self.iris(7).bytes { try link.send([byte]) }
        #expect(try link.receive()?.frame.requestID == 7)
    }

    @Test("a proxy that does not read its answers holds up no other")
    func stalled() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let stalled = try worker.connect()
        let row: [Any] = [5.9, 3.0, 4.2, 1.5]
        let big = TestRequest(1, try TestModel.body(Array(repeating: row, count: 40_000), columns: nil))
        try stalled.send(big.bytes)
        let good = try worker.connect()
        #expect(try good.exchange([Self.iris(2)]).map(\.frame.status) == [200])
        #expect(try stalled.receive()?.frame.requestRowCount == 40_000)
        #expect(try stalled.exchange([Self.iris(3)]).map(\.frame.status) == [200])
    }

    @Test("a draining worker answers what still comes and ends when its links are closed")
    func drains() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        var link: TestLink? = try worker.connect()
        #expect(try link?.exchange([Self.iris(1)]).count == 1)
        worker.drain()
        #expect(try link?.exchange([Self.iris(2)]).map(\.frame.status) == [200])
        link = nil
        #expect(worker.exitCode() == .ok)
    }

    @Test("a worker ends when its supervisor is gone, whatever its links do")
    func supervisorGone() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let link = try worker.connect()
        #expect(try link.exchange([Self.iris(1)]).count == 1)
        worker.stop()
        #expect(worker.exitCode() == .ok)
    }

    @Test("with a delay, requests that come one after the other fill a run")
    func delay() throws {
        let model = try TestModel.load("iris") {
            $0.maxBatchRowCount = 2
            $0.maxDelayNanoseconds = 5_000_000_000
        }
        let worker = try RunningWorker(model)
        let link = try worker.connect()
        try link.send(try Self.iris(1).bytes)
        usleep(20_000)
        let answers = try link.exchange([Self.iris(2)])
        #expect(answers[0].frame.runRowCount == 2)
    }

    @Test("the more urgent is answered first, others stay in order")
    func priorities() throws {
        let model = try TestModel.load("iris") {
            $0.maxBatchRowCount = 4
            $0.maxDelayNanoseconds = 5_000_000_000
        }
        let priorities: [UInt64: Int] = [1: 2, 3: 1]
        let requests = try (0..<4).map { id in
            try Self.iris(id, parameters: priorities[id].map { ["priority": $0] })
        }
        let alone = try RunningWorker(TestModel.load("iris")).connect().exchange(requests)
        let answers = try RunningWorker(model).connect().exchange(requests)
        #expect(answers.map(\.frame.requestID) == [3, 1, 0, 2])
        let sorted = alone.sorted { $0.frame.requestID < $1.frame.requestID }
        #expect(try areSame(answers, [3, 1, 0, 2].map { sorted[$0] }))
    }

    @Test("/predict is answered in its own form")
    func predict() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        var request = TestRequest(1, Array(#"{"X":[5.9,3.0,4.2,1.5]}"#.utf8))
        request.frame.endpoint = .predict
        let answer = try worker.connect().exchange([request])[0]
        let object = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
        #expect(answer.frame.status == 200 && object["label"] as? Int == 1)
    }

    struct Packing: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let coding: ContentCoding
        let accepted: HTTPAcceptedCodings
    }

    @Test("packed requests are unpacked, and long answers packed as the client takes them", arguments: [
        Packing(testDescription: "gzip", coding: .gzip, accepted: .gzip),
        Packing(testDescription: "deflate", coding: .deflate, accepted: .deflate),
        Packing(testDescription: "neither", coding: .identity, accepted: []),
    ])
    func packed(_ row: Packing) throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let link = try worker.connect()
        let (rows, _, columns) = try TestModel.rows("iris")
        let body = try TestModel.body(rows + rows, columns: columns)
        let plain = try link.exchange([TestRequest(1, body)])[0]
        let (deflater, inflater, packed) = (Deflater(), Inflater(byteLimit: 1 << 20), ResponseBuffer())
        body.withUnsafeBytes { deflater.deflate($0, row.coding, into: packed) }
        var request = TestRequest(2, Array(packed.bytes))
        request.frame.coding = row.coding
        request.frame.accepted = row.accepted
        let answer = try link.exchange([request])[0]
        #expect(answer.frame.status == 200 && answer.frame.coding == row.coding)
        let unpacked = try (answer.body + [UInt8](repeating: 0, count: 64)).withUnsafeBytes { bytes in
            let body = UnsafeRawBufferPointer(rebasing: bytes[..<answer.body.count])
            return Array(try inflater.inflate(body, row.coding))
        }
        #expect(unpacked == plain.body)
        // A short answer is not worth it.
        var short = try Self.iris(3)
        short.frame.accepted = row.accepted
        #expect(try link.exchange([short])[0].frame.coding == .identity)
    }

    @Test("a packed body that is broken gets 400, one that unpacks to too much 413")
    func badlyPacked() throws {
        let worker = try RunningWorker(TestModel.load("iris") { $0.bodyByteLimit = 4096 })
        let packed = ResponseBuffer()
        let blanks = [UInt8](repeating: 0x20, count: 5000)
        blanks.withUnsafeBytes { Deflater().deflate($0, .gzip, into: packed) }
        var bomb = TestRequest(1, Array(packed.bytes))
        bomb.frame.coding = .gzip
        var broken = TestRequest(2, Array("no gzip".utf8))
        broken.frame.coding = .gzip
        let answers = try worker.connect().exchange([bomb, broken])
        #expect(answers.map(\.frame.status) == [413, 400])
    }
}
