import ApusLoop
import ApusProtocols
import ApusWire
import Foundation
import Testing

@testable import ApusWorker

@Suite("Passed memory")
struct PassedMemoryTests {
    /// A request whose body lies in memory at `offset`: its frame, and the memory, which a proxy would have made.
    static func place(_ request: TestRequest, at offset: Int = 64, byteCount: Int? = nil) throws -> (
        head: [UInt8], memory: SealedMemory
    ) {
        let memory = try SealedMemory(byteCount: byteCount ?? offset + request.body.count + InferFrame.bodyPadding)
        UnsafeMutableRawBufferPointer(rebasing: memory.bytes[offset...]).copyBytes(from: request.body)
        var frame = request.frame
        frame.memoryOffset = UInt32(offset)
        return (Self.head(frame), memory)
    }

    static func head(_ frame: InferFrame) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: InferFrame.byteCount)
        bytes.withUnsafeMutableBytes { frame.encode(into: $0.baseAddress!) }
        return bytes
    }

    /// An inbox, and the other end of what it reads from.
    final class Line {
        let writer: Socket
        let reader: Socket
        let passed = PassedMemory()
        var inbox: FrameInbox

        init(bodyByteLimit: Int = 1 << 20) throws {
            let (ours, theirs) = try Socket.pair()
            writer = Socket(owning: ours)
            reader = Socket(owning: theirs)
            inbox = FrameInbox(bodyByteLimit: bodyByteLimit, passed: passed)
        }

        func receive() -> Socket.Outcome { inbox.receive(from: reader) }
    }

    static let request = TestRequest(5, (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) })

    /// A descriptor that tells when it is closed everywhere: the reading end of its pipe ends then.
    final class Tell {
        let reading: Int32
        private(set) var writing: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            try SystemError.check(pipe(&ends), "pipe")
            (reading, writing) = (ends[0], ends[1])
        }

        deinit {
            close(reading)
            if writing >= 0 { close(writing) }
        }

        /// Gives our own up, and waits a while for the others.
        func isClosedElsewhere() -> Bool {
            if writing >= 0 { close(writing) }
            writing = -1
            var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, 2_000) == 1 && entry.revents & Int16(POLLHUP) != 0
        }
    }

    @Test("a body is read where it lies, wherever that is in the memory", arguments: [0, 64, 100, 4096, 70_001])
    func reads(offset: Int) throws {
        let line = try Line()
        let (head, memory) = try Self.place(Self.request, at: offset)
        for use in 1...3 {
            memory.bytes[offset] = UInt8(use)
            try line.writer.sendAll(head, passing: memory.descriptor)
            #expect(line.receive() == .moved(byteCount: 64))
            let (frame, body) = try #require(try line.inbox.next())
            #expect(frame.requestID == 5 && frame.bodyByteCount == 300_000)
            #expect(body.count == 300_000 && body[0] == UInt8(use))
            #expect(body[1...].elementsEqual(Self.request.body[1...]))
            #expect(line.passed.count == 1, "mapped once")
            #expect(try line.inbox.next() == nil)
        }
        #expect(line.inbox.capacity == FrameInbox.restingCapacity)
    }

    @Test("frames of both kinds come in their order, however they are cut")
    func mixed() throws {
        var small = TestRequest(1, [7, 8, 9])
        for cut in [1, 30, 63] {
            let line = try Line()
            let (head, memory) = try Self.place(Self.request)
            let (other, otherMemory) = try Self.place(TestRequest(6, [1, 2, 3]))
            small.frame.requestID = UInt64(cut)
            try line.writer.sendAll(small.bytes)
            try line.writer.sendAll(Array(head[..<cut]), passing: memory.descriptor)
            try line.writer.sendAll(Array(head[cut...]))
            try line.writer.sendAll(other, passing: otherMemory.descriptor)
            try line.writer.sendAll(small.bytes)
            var found: [UInt64] = []
            while found.count < 4 {
                #expect(line.receive() != .closed)
                while let (frame, body) = try line.inbox.next() {
                    found.append(frame.requestID)
                    if frame.requestID == 5 { #expect(body.elementsEqual(Self.request.body)) }
                    if frame.requestID == 6 { #expect(Array(body) == [1, 2, 3]) }
                }
            }
            #expect(found == [UInt64(cut), 5, 6, UInt64(cut)])
        }
    }

    struct Hostile: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var byteCount: Int? = nil
        var change: @Sendable (inout InferFrame) -> Void = { _ in }
        let error: FrameError
    }

    @Test("memory that does not hold what its frame says is refused", arguments: [
        Hostile(testDescription: "no room for the padding", byteCount: 64 + 300_000 + 63,
            error: .memoryTooSmall(byteCount: 300_127, wanted: 300_128)),
        Hostile(testDescription: "a body that reaches behind the end", change: { $0.bodyByteCount += 1 },
            error: .memoryTooSmall(byteCount: 300_128, wanted: 300_129)),
        Hostile(testDescription: "a body that begins behind the end", change: { $0.memoryOffset = .max },
            error: .memoryTooSmall(byteCount: 300_128, wanted: 4_295_267_359)),
        Hostile(testDescription: "more than a body may have", change: { $0.bodyByteCount = 1_048_577 },
            error: .bodyTooLarge(byteCount: 1_048_577, limit: 1_048_576)),
    ])
    func refusesLengths(_ row: Hostile) throws {
        let line = try Line()
        let (_, memory) = try Self.place(Self.request, byteCount: row.byteCount)
        var frame = Self.request.frame
        frame.memoryOffset = 64
        row.change(&frame)
        try line.writer.sendAll(Self.head(frame), passing: memory.descriptor)
        _ = line.receive()
        #expect(throws: row.error) { try line.inbox.next() }
    }

    @Test("a frame that comes without its memory is refused")
    func missing() throws {
        let line = try Line()
        let (head, _) = try Self.place(Self.request)
        try line.writer.sendAll(head)
        _ = line.receive()
        #expect(throws: FrameError.memoryMissing) { try line.inbox.next() }
    }

    @Test("a descriptor that is no sealed memory is refused and closed")
    func notSealed() throws {
        let (head, _) = try Self.place(Self.request)
        let unsealed = try SharedMemory.create(byteCount: 1 << 20)
        let file = open("/proc/self/exe", O_RDONLY)
        for descriptor in [unsealed, file] {
            let line = try Line()
            try line.writer.sendAll(head, passing: descriptor)
            close(descriptor)
            _ = line.receive()
            #expect(throws: FrameError.memoryNotSealed) { try line.inbox.next() }
            #expect(line.passed.isEmpty)
        }
        let line = try Line()
        let tell = try Tell()
        try line.writer.sendAll(head, passing: tell.writing)
        _ = line.receive()
        #expect(throws: FrameError.memoryNotSealed) { try line.inbox.next() }
        #expect(tell.isClosedElsewhere())
    }

    @Test("a descriptor that no frame asks for is refused and closed")
    func unused() throws {
        let tell = try Tell()
        do {
            let line = try Line()
            try line.writer.sendAll(TestRequest(1, [1, 2, 3]).bytes, passing: tell.writing)
            _ = line.receive()
            #expect(try line.inbox.next()?.frame.requestID == 1)
            #expect(throws: FrameError.memoryUnused) { try line.inbox.next() }
        }
        #expect(tell.isClosedElsewhere())
    }

    @Test("descriptors do not gather behind a frame that never ends")
    func gathered() throws {
        let tells = try (0..<3).map { _ in try Tell() }
        do {
            let line = try Line()
            let bytes = TestRequest(1, [1, 2, 3]).bytes
            for (index, tell) in tells.enumerated() {
                try line.writer.sendAll([bytes[index]], passing: tell.writing)
                _ = line.receive()
                if index < 2 { #expect(try line.inbox.next() == nil) }
            }
            #expect(throws: FrameError.memoryUnused) { try line.inbox.next() }
        }
        for tell in tells { #expect(tell.isClosedElsewhere()) }
    }

    @Test("what stays mapped is bounded in number and bytes, and ends when nobody needs it for a while")
    func bounded() throws {
        let passed = PassedMemory()
        let small = try (0..<PassedMemory.countLimit + 5).map { _ in try Self.place(TestRequest(1, [1, 2, 3])).memory }
        var frame = TestRequest(1, [1, 2, 3]).frame
        frame.memoryOffset = 64
        for memory in small {
            #expect(Array(try passed.body(of: frame, in: dup(memory.descriptor))) == [1, 2, 3])
        }
        #expect(passed.count == small.count, "within a turn all stay")
        let now = MonotonicClock.now()
        passed.endTurn(at: now)
        #expect(passed.count == PassedMemory.countLimit)
        let large = try SealedMemory(byteCount: PassedMemory.byteLimit + 1)
        _ = try passed.body(of: frame, in: dup(large.descriptor))
        passed.endTurn(at: now)
        #expect(passed.count == PassedMemory.countLimit, "what is too large by itself takes no other's place")
        for memory in small.suffix(PassedMemory.countLimit) {
            _ = try passed.body(of: frame, in: dup(memory.descriptor))
        }
        #expect(passed.count == PassedMemory.countLimit, "they are the ones used last")
        passed.endTurn(at: MonotonicClock.now() + PassedMemory.idleNanoseconds)
        #expect(passed.isEmpty)
        _ = try passed.body(of: frame, in: dup(small[0].descriptor))
        passed.endTurn(at: MonotonicClock.now())
        #expect(passed.count == 1)
        passed.endTurn(at: MonotonicClock.now() + PassedMemory.idleNanoseconds)
        #expect(passed.isEmpty)
    }

    @Test("a worker answers the same whichever way a body comes", arguments: [
        ContentCoding.identity, .gzip, .deflate,
    ])
    func sameAnswers(coding: ContentCoding) throws {
        let worker = try RunningWorker(TestModel.load("mlp"))
        let link = try worker.connect()
        let (rows, _, columns) = try TestModel.rows("mlp")
        let many = (0..<300).map { rows[$0 % rows.count] }
        let json = try TestModel.body(many, columns: columns)
        var request = TestRequest(1, Self.pack(json, coding))
        request.frame.coding = coding
        let inline = try link.exchange([request])[0]
        #expect(inline.frame.status == 200)
        let (head, memory) = try Self.place(request)
        for _ in 0..<3 {
            try link.send(head, passing: memory.descriptor)
            #expect(try link.receive()?.body == inline.body)
        }
    }

    @Test("binary tensors are read where they lie, of several requests in one turn, too")
    func binary() throws {
        let worker = try RunningWorker(TestModel.load("mlp") { $0.maxDelayNanoseconds = 300_000_000 })
        let link = try worker.connect()
        let (rows, _, _) = try TestModel.rows("mlp")
        let requests: [TestRequest] = (0..<3).map { (seed: Int) -> TestRequest in
            let chosen: [[Any]] = (0..<20 + seed).map { rows[($0 + seed * 3) % rows.count] }
            return Self.binaryRequest(UInt64(seed), rows: chosen)
        }
        let inline = try requests.map { try #require(try link.exchange([$0]).first) }
        #expect(inline.allSatisfy { $0.frame.status == 200 })
        let placed = try requests.map { (request: TestRequest) in
            let tensors = InferFrame.tensorOffset(inferenceHeaderByteCount: request.frame.inferenceHeaderByteCount)
            return try Self.place(request, at: InferFrame.byteCount + (-tensors & 63))
        }
        for (head, memory) in placed { try link.send(head, passing: memory.descriptor) }
        let answers = try placed.compactMap { _ in try link.receive() }
        #expect(answers.map(\.frame.requestID) == [0, 1, 2])
        #expect(try areSame(answers, inline))
    }

    @Test("a link that passes what it should not is closed; the others are served")
    func hostileLink() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let good = try worker.connect()
        let tell = try Tell()
        let bad = try worker.connect()
        try bad.send(try Self.place(Self.request).head, passing: tell.writing)
        #expect(try bad.receive() == nil)
        #expect(tell.isClosedElsewhere())
        #expect(try good.exchange([WorkerTests.iris(2)]).map(\.frame.status) == [200])
    }

    private static func pack(_ body: [UInt8], _ coding: ContentCoding) -> [UInt8] {
        guard coding != .identity else { return body }
        let packed = ResponseBuffer()
        body.withUnsafeBytes { Deflater().deflate($0, coding, into: packed) }
        return Array(packed.bytes)
    }

    private static func binaryRequest(_ id: UInt64, rows: [[Any]]) -> TestRequest {
        let values: [Float] = rows.flatMap { row in row.map { value in (value as? NSNumber)?.floatValue ?? 0 } }
        let width = values.count / rows.count
        let json = Array(
            """
            {"inputs":[{"name":"X","shape":[\(rows.count),\(width)],"datatype":"FP32",\
            "parameters":{"binary_data_size":\(values.count * 4)}}]}
            """.utf8)
        var request = TestRequest(id, json + values.withUnsafeBytes { Array($0) })
        request.frame.inferenceHeaderByteCount = Int64(json.count)
        return request
    }
}
