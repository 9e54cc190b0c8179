import ApusLoop
import ApusProtocols
import ApusWire
import Foundation
import Testing

@testable import ApusWorker

@Suite("Link memory")
struct LinkMemoryTests {
    static let announcement: [UInt8] = {
        var bytes = [UInt8](repeating: 0, count: MemoryFrame.byteCount)
        bytes.withUnsafeMutableBytes { MemoryFrame().encode(into: $0.baseAddress!) }
        return bytes
    }()

    /// A request whose body lies in memory at `offset`: its frame, and the memory, which a proxy would have made.
    static func place(_ request: TestRequest, at offset: Int = 64, byteCount: Int? = nil) throws -> (
        head: [UInt8], memory: SealedMemory
    ) {
        let memory = try SealedMemory(byteCount: byteCount ?? offset + request.body.count + InferFrame.bodyPadding)
        return (lay(request, in: memory, at: offset), memory)
    }

    /// Writes the request's body to `memory`.
    /// - Returns: the frame.
    static func lay(_ request: TestRequest, in memory: SealedMemory, at offset: Int) -> [UInt8] {
        UnsafeMutableRawBufferPointer(rebasing: memory.bytes[offset...]).copyBytes(from: request.body)
        var frame = request.frame
        frame.memoryOffset = UInt64(offset)
        return head(frame)
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
        var inbox: FrameInbox

        /// - Parameter memory: what is announced first.
        init(bodyByteLimit: Int = 1 << 20, _ memory: SealedMemory? = nil) throws {
            let (ours, theirs) = try Socket.pair()
            writer = Socket(owning: ours)
            reader = Socket(owning: theirs)
            inbox = FrameInbox(bodyByteLimit: bodyByteLimit)
            guard let memory else { return }
            try writer.sendAll(announcement, passing: memory.readOnlyDescriptor)
            _ = receive()
            #expect(try inbox.next() == nil)
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
        let (head, memory) = try Self.place(Self.request, at: offset)
        let line = try Line(memory)
        for use in 1...3 {
            memory.bytes[offset] = UInt8(use)
            try line.writer.sendAll(head)
            #expect(line.receive() == .moved(byteCount: 64))
            let (frame, body) = try #require(try line.inbox.next())
            #expect(frame.requestID == 5 && frame.bodyByteCount == 300_000)
            #expect(body.count == 300_000 && body[0] == UInt8(use))
            #expect(body[1...].elementsEqual(Self.request.body[1...]))
            #expect(try line.inbox.next() == nil)
        }
        #expect(line.inbox.capacity == FrameInbox.restingCapacity)
    }

    @Test("frames of both kinds come in their order, however they are cut", arguments: [1, 12, 23, 24, 30, 63, 88, 200])
    func mixed(cut: Int) throws {
        let memory = try SealedMemory(byteCount: 1 << 20)
        let line = try Line()
        let bytes = Self.announcement + TestRequest(1, [7, 8, 9]).bytes + Self.lay(Self.request, in: memory, at: 64)
            + Self.lay(TestRequest(6, [1, 2, 3]), in: memory, at: 500_000) + TestRequest(2, [7, 8, 9]).bytes
        try line.writer.sendAll(Array(bytes[..<cut]), passing: memory.readOnlyDescriptor)
        var found: [UInt64] = []
        for part in [nil, Array(bytes[cut...])] {
            if let part { try line.writer.sendAll(part) }
            #expect(line.receive() != .closed)
            while let (frame, body) = try line.inbox.next() {
                found.append(frame.requestID)
                switch frame.requestID {
                case 5: #expect(body.elementsEqual(Self.request.body))
                case 6: #expect(Array(body) == [1, 2, 3])
                default: #expect(Array(body) == [7, 8, 9])
                }
            }
        }
        #expect(found == [1, 5, 6, 2])
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
        Hostile(testDescription: "a body that begins behind the end", change: { $0.memoryOffset = 5 << 30 },
            error: .memoryTooSmall(byteCount: 300_128, wanted: 5 << 30 + 300_064)),
        Hostile(testDescription: "a body that no memory has room for", change: { $0.memoryOffset = .max - 63 },
            error: .memoryTooSmall(byteCount: 300_128, wanted: .max)),
        Hostile(testDescription: "more than a body may have", change: { $0.bodyByteCount = 1_048_577 },
            error: .bodyTooLarge(byteCount: 1_048_577, limit: 1_048_576)),
    ])
    func refusesLengths(_ row: Hostile) throws {
        let (_, memory) = try Self.place(Self.request, byteCount: row.byteCount)
        let line = try Line(memory)
        var frame = Self.request.frame
        frame.memoryOffset = 64
        row.change(&frame)
        try line.writer.sendAll(Self.head(frame))
        _ = line.receive()
        #expect(throws: row.error) { try line.inbox.next() }
    }

    @Test("a frame whose body is in memory that did not come is refused, and so is memory without a descriptor")
    func missing() throws {
        for bytes in [try Self.place(Self.request).head, Self.announcement] {
            let line = try Line()
            try line.writer.sendAll(bytes)
            _ = line.receive()
            #expect(throws: FrameError.memoryMissing) { try line.inbox.next() }
        }
    }

    @Test("memory that comes twice is refused")
    func twice() throws {
        let (_, memory) = try Self.place(Self.request)
        let line = try Line(memory)
        try line.writer.sendAll(Self.announcement, passing: memory.readOnlyDescriptor)
        _ = line.receive()
        #expect(throws: FrameError.memoryTwice) { try line.inbox.next() }
    }

    @Test("a descriptor that is no sealed memory is refused and closed")
    func notSealed() throws {
        let unsealed = try SharedMemory.create(byteCount: 1 << 20)
        let file = open("/proc/self/exe", O_RDONLY)
        for descriptor in [unsealed, file] {
            let line = try Line()
            try line.writer.sendAll(Self.announcement, passing: descriptor)
            close(descriptor)
            _ = line.receive()
            #expect(throws: FrameError.memoryNotSealed) { try line.inbox.next() }
        }
        let line = try Line()
        let tell = try Tell()
        try line.writer.sendAll(Self.announcement, passing: tell.writing)
        _ = line.receive()
        #expect(throws: FrameError.memoryNotSealed) { try line.inbox.next() }
        #expect(tell.isClosedElsewhere())
    }

    @Test("a descriptor that no frame is for is refused and closed")
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
        let tells = try (0..<2).map { _ in try Tell() }
        do {
            let line = try Line()
            let bytes = TestRequest(1, [1, 2, 3]).bytes
            for (index, tell) in tells.enumerated() {
                try line.writer.sendAll([bytes[index]], passing: tell.writing)
                _ = line.receive()
                if index < 1 { #expect(try line.inbox.next() == nil) }
            }
            #expect(throws: FrameError.memoryUnused) { try line.inbox.next() }
        }
        for tell in tells { #expect(tell.isClosedElsewhere()) }
    }

    @Test("it is there as long as its link, and no longer")
    func ends() throws {
        let (head, memory) = try Self.place(Self.request)
        var line: Line? = try Line(memory)
        try line?.writer.sendAll(head)
        _ = line?.receive()
        let body = try #require(try line?.inbox.next()?.body)
        #expect(Self.isMapped(body.baseAddress!))
        line = nil
        #expect(!Self.isMapped(body.baseAddress!))
    }

    private static func isMapped(_ address: UnsafeRawPointer) -> Bool {
        let page = UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: address) & ~4095)!
        return msync(page, 4096, MS_ASYNC) == 0
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
        try link.send(Self.announcement, passing: memory.readOnlyDescriptor)
        for _ in 0..<3 {
            try link.send(head)
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
        let memory = try SealedMemory(byteCount: 1 << 20)
        try link.send(Self.announcement, passing: memory.readOnlyDescriptor)
        for (place, request) in requests.enumerated() {
            let tensors = InferFrame.tensorOffset(inferenceHeaderByteCount: request.frame.inferenceHeaderByteCount)
            try link.send(Self.lay(request, in: memory, at: place * 128 << 10 + InferFrame.byteCount + (-tensors & 63)))
        }
        let answers = try requests.compactMap { _ in try link.receive() }
        #expect(answers.map(\.frame.requestID) == [0, 1, 2])
        #expect(try areSame(answers, inline))
    }

    @Test("a link that passes what it should not is closed; the others are served")
    func hostileLink() throws {
        let worker = try RunningWorker(TestModel.load("iris"))
        let good = try worker.connect()
        let tell = try Tell()
        let bad = try worker.connect()
        try bad.send(Self.announcement, passing: tell.writing)
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
