import Testing

@testable import ApusWire

/// A frame of one kind: how it is written, and what reading gives.
struct FrameSample: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let kind: FrameHeader.Kind
    let wire: [UInt8]

    static let all = [infer, result]

    static let inferFrame = InferFrame(
        requestID: 0x0102_0304_0506_0708, flags: [.endOfGroup, .alone], bodyByteCount: 5,
        deadline: 0x1112_1314_1516_1718, arrivedAt: 0x2122_2324_2526_2728,
        inferenceHeaderByteCount: 0x3132_3334_3536_3738, endpoint: .predict, coding: .deflate,
        accepted: [.gzip, .deflate])

    static let resultFrame: ResultFrame = {
        var timing = WorkerTiming()
        timing.decode = 0x0102_0304_0506_0708
        timing.batchWait = 0x1112_1314_1516_1718
        timing.compute = 0x2122_2324_2526_2728
        timing.encode = 0x3132_3334_3536_3738
        return ResultFrame(
            requestID: 7, flags: .firstOfRun, bodyByteCount: 5, status: 503, contentType: .octetStream,
            coding: .gzip, requestRowCount: 0x4142_4344, runRowCount: 0x5152_5354,
            inferenceHeaderByteCount: 0x6162_6364, timing: timing)
    }()

    static let infer: FrameSample = {
        var head = [UInt8](repeating: 0xEE, count: InferFrame.byteCount)
        head.withUnsafeMutableBytes { inferFrame.encode(into: $0.baseAddress!) }
        return FrameSample(testDescription: "infer", kind: .infer, wire: head + [1, 2, 3, 4, 5])
    }()

    static let result: FrameSample = {
        var head = [UInt8](repeating: 0xEE, count: ResultFrame.byteCount)
        head.withUnsafeMutableBytes { resultFrame.encode(into: $0.baseAddress!) }
        return FrameSample(testDescription: "result", kind: .result, wire: head + [1, 2, 3, 4, 5])
    }()

    /// Reads from a copy that ends at a page which may not be touched.
    static func decode(_ bytes: [UInt8], bodyLimit: UInt32 = 1024) throws -> FrameStep {
        let guarded = GuardedFrame(bytes)
        return try FrameHeader.decode(guarded.bytes, bodyLimit: bodyLimit)
    }
}

@Suite("Frame")
struct FrameTests {
    @Test("the bytes are those of the table")
    func layout() {
        let wire = FrameSample.infer.wire
        #expect(Array(wire[0..<8]) == [0x41, 0x50, 0x55, 0x53, 3, 1, 3, 0])
        #expect(Array(wire[8..<16]) == [8, 7, 6, 5, 4, 3, 2, 1])
        #expect(Array(wire[16..<24]) == [64, 0, 0, 0, 5, 0, 0, 0])
        #expect(Array(wire[24..<32]) == [0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11])
        #expect(Array(wire[48..<64]) == [2, 2, 3] + [UInt8](repeating: 0, count: 13))
        let answer = FrameSample.result.wire
        #expect(Array(answer[16..<28]) == [72, 0, 0, 0, 5, 0, 0, 0, 0xF7, 0x01, 1, 1])
        #expect(Array(answer[64..<72]) == [0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31])
    }

    @Test("an infer frame reads as it was written")
    func inferRoundTrip() throws {
        let guarded = GuardedFrame(FrameSample.infer.wire)
        guard case .frame(let header, let body) = try FrameHeader.decode(guarded.bytes, bodyLimit: 5) else {
            Issue.record("the frame is whole")
            return
        }
        #expect(try InferFrame(header, guarded.bytes) == FrameSample.inferFrame)
        #expect(Array(guarded.bytes[body]) == [1, 2, 3, 4, 5])
        #expect(throws: FrameError.unexpectedKind(1)) { try ResultFrame(header, guarded.bytes) }
    }

    @Test("a cancel frame is a header and no more")
    func cancel() throws {
        var wire = [UInt8](repeating: 0xEE, count: CancelFrame.byteCount)
        wire.withUnsafeMutableBytes { CancelFrame(requestID: 0x0102_0304_0506_0708).encode(into: $0.baseAddress!) }
        #expect(wire == [0x41, 0x50, 0x55, 0x53, 3, 3, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 24, 0, 0, 0, 0, 0, 0, 0])
        guard case .frame(let header, let body) = try FrameSample.decode(wire) else {
            Issue.record("the frame is whole")
            return
        }
        #expect(try CancelFrame(header).requestID == 0x0102_0304_0506_0708 && body == 24..<24)
        wire[20] = 1
        guard case .frame(let longer, _) = try FrameSample.decode(wire + [0]) else { return }
        #expect(throws: FrameError.bodyTooLarge(byteCount: 1, limit: 0)) { try CancelFrame(longer) }
        #expect(throws: FrameError.unexpectedKind(3)) { try wire.withUnsafeBytes { try InferFrame(longer, $0) } }
    }

    @Test("a memory frame is a header and no more")
    func memory() throws {
        var wire = [UInt8](repeating: 0xEE, count: MemoryFrame.byteCount)
        wire.withUnsafeMutableBytes { MemoryFrame().encode(into: $0.baseAddress!) }
        #expect(wire == [0x41, 0x50, 0x55, 0x53, 3, 4, 0, 0] + [UInt8](repeating: 0, count: 8) + [24, 0, 0, 0, 0, 0, 0, 0])
        guard case .frame(let header, let body) = try FrameSample.decode(wire) else {
            Issue.record("the frame is whole")
            return
        }
        _ = try MemoryFrame(header)
        #expect(body == 24..<24)
        wire[20] = 1
        guard case .frame(let longer, _) = try FrameSample.decode(wire + [0]) else { return }
        #expect(throws: FrameError.bodyTooLarge(byteCount: 1, limit: 0)) { try MemoryFrame(longer) }
        #expect(throws: FrameError.unexpectedKind(4)) { try CancelFrame(header) }
        #expect(throws: FrameError.unexpectedKind(4)) { try wire.withUnsafeBytes { try InferFrame(longer, $0) } }
    }

    /// A frame whose body is in memory, and its bytes.
    static func inMemory(offset: UInt64, byteCount: UInt32) -> (frame: InferFrame, wire: [UInt8]) {
        var frame = FrameSample.inferFrame
        frame.bodyByteCount = byteCount
        frame.memoryOffset = offset
        var wire = [UInt8](repeating: 0xEE, count: InferFrame.byteCount)
        wire.withUnsafeMutableBytes { frame.encode(into: $0.baseAddress!) }
        return (frame, wire)
    }

    @Test("a frame whose body is in memory is its head, and the bytes are those of the table")
    func inMemoryLayout() {
        let (frame, wire) = Self.inMemory(offset: 0x2122_2324_1112_1314, byteCount: 0x0102_0304)
        #expect(Array(wire[16..<24]) == [64, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(wire[48..<64]) == [2, 2, 3, 1, 4, 3, 2, 1, 0x14, 0x13, 0x12, 0x11, 0x24, 0x23, 0x22, 0x21])
        #expect(frame.memoryByteCount == 0x2122_2324_1112_1314 + 0x0102_0304 + 64)
    }

    @Test("it reads as it was written, whatever its place and length", arguments: [
        (0, 0), (0, 1), (64, 3 << 20), (5 << 30, .max), (.max, .max), (.max - 64, 0),
    ] as [(UInt64, UInt32)])
    func inMemoryRoundTrip(offset: UInt64, byteCount: UInt32) throws {
        let (frame, wire) = Self.inMemory(offset: offset, byteCount: byteCount)
        let guarded = GuardedFrame(wire)
        guard case .frame(let header, let body) = try FrameHeader.decode(guarded.bytes, bodyLimit: 0) else {
            Issue.record("the frame is whole")
            return
        }
        #expect(body == 64..<64 && header.bodyByteCount == 0)
        #expect(try InferFrame(header, guarded.bytes) == frame)
        let needed = Double(offset) + Double(byteCount) + 64
        #expect(frame.memoryByteCount == (needed < 0x1p64 ? offset + UInt64(byteCount) + 64 : .max), "without overflow")
    }

    @Test("wherever it is cut, the reader says how many it needs")
    func inMemoryEveryCut() throws {
        let (_, wire) = Self.inMemory(offset: 64, byteCount: 1_000_000)
        for cut in 0..<wire.count {
            let needed = cut < FrameHeader.byteCount ? FrameHeader.byteCount : wire.count
            #expect(try FrameSample.decode(Array(wire[..<cut])) == .incomplete(byteCount: needed), "cut \(cut)")
        }
    }

    @Test("frames of both kinds come out one by one, each with its body")
    func mixed() throws {
        let (frame, wire) = Self.inMemory(offset: 128, byteCount: 9)
        let stream = GuardedFrame((0..<20).flatMap { _ in wire + FrameSample.infer.wire })
        var rest = stream.bytes
        for place in 0..<40 {
            guard case .frame(let header, let body) = try FrameHeader.decode(rest, bodyLimit: 5) else {
                Issue.record("frame \(place) is whole")
                return
            }
            let found = try InferFrame(header, rest)
            #expect(found == (place % 2 == 0 ? frame : FrameSample.inferFrame))
            #expect(Array(rest[body]) == (place % 2 == 0 ? [] : [1, 2, 3, 4, 5]))
            rest = UnsafeRawBufferPointer(rebasing: rest[body.upperBound...])
        }
        #expect(rest.isEmpty)
    }

    @Test("tensors are found behind the JSON, by the head's bytes and by its length alone", arguments: [
        (-1, 64), (0, 64), (101, 165), (.min, 64), (.max, Int.min + 63),
    ] as [(Int64, Int)])
    func tensorOffset(_ jsonByteCount: Int64, _ wanted: Int) {
        var frame = FrameSample.inferFrame
        frame.inferenceHeaderByteCount = jsonByteCount
        var wire = [UInt8](repeating: 0, count: InferFrame.byteCount)
        wire.withUnsafeMutableBytes { frame.encode(into: $0.baseAddress!) }
        #expect(wire.withUnsafeBytes { InferFrame.tensorOffset($0) } == wanted)
        #expect(InferFrame.tensorOffset(inferenceHeaderByteCount: jsonByteCount) == wanted)
    }

    @Test("a result frame reads as it was written")
    func resultRoundTrip() throws {
        let guarded = GuardedFrame(FrameSample.result.wire)
        guard case .frame(let header, let body) = try FrameHeader.decode(guarded.bytes, bodyLimit: 5) else {
            Issue.record("the frame is whole")
            return
        }
        #expect(try ResultFrame(header, guarded.bytes) == FrameSample.resultFrame)
        #expect(Array(guarded.bytes[body]) == [1, 2, 3, 4, 5])
        #expect(throws: FrameError.unexpectedKind(2)) { try InferFrame(header, guarded.bytes) }
    }

    @Test("wherever the bytes are cut, the reader says how many it needs", arguments: FrameSample.all)
    func everyCut(_ sample: FrameSample) throws {
        for cut in 0..<sample.wire.count {
            let needed = cut < FrameHeader.byteCount ? FrameHeader.byteCount : sample.wire.count
            let step = try FrameSample.decode(Array(sample.wire[..<cut]))
            #expect(step == .incomplete(byteCount: needed), "cut \(cut)")
        }
    }

    @Test("frames one behind the other come out one by one", arguments: FrameSample.all)
    func many(_ sample: FrameSample) throws {
        let stream = GuardedFrame((0..<50).flatMap { _ in sample.wire } + sample.wire.dropLast())
        var rest = stream.bytes
        var count = 0
        while case .frame(let header, let body) = try FrameHeader.decode(rest, bodyLimit: 5) {
            #expect(header.kind == sample.kind && Array(rest[body]) == [1, 2, 3, 4, 5])
            rest = UnsafeRawBufferPointer(rebasing: rest[body.upperBound...])
            count += 1
        }
        #expect(count == 50 && rest.count == sample.wire.count - 1)
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var sample = FrameSample.infer
        let offset: Int
        let bytes: [UInt8]
        let error: FrameError
    }

    @Test("what is no frame of ours is refused, by the field that is wrong", arguments: [
        Refusal(testDescription: "another magic", offset: 0, bytes: [0], error: .badMagic(0x5355_5000)),
        Refusal(testDescription: "HTTP on a link", offset: 0, bytes: Array("GET ".utf8), error: .badMagic(0x2054_4547)),
        Refusal(testDescription: "an earlier version", offset: 4, bytes: [2], error: .unknownVersion(2)),
        Refusal(testDescription: "a later version", offset: 4, bytes: [4], error: .unknownVersion(4)),
        Refusal(testDescription: "no kind", offset: 5, bytes: [0], error: .unknownKind(0)),
        Refusal(testDescription: "a kind nobody sends", offset: 5, bytes: [5], error: .unknownKind(5)),
        Refusal(testDescription: "a shorter head", offset: 16, bytes: [63], error: .badHeadLength(found: 63, wanted: 64)),
        Refusal(testDescription: "the other kind's head", sample: .result, offset: 16, bytes: [64],
            error: .badHeadLength(found: 64, wanted: 72)),
        Refusal(testDescription: "a head of 4 GiB", offset: 16, bytes: [0xFF, 0xFF, 0xFF, 0xFF],
            error: .badHeadLength(found: .max, wanted: 64)),
        Refusal(testDescription: "a byte over the limit", offset: 20, bytes: [1, 4],
            error: .bodyTooLarge(byteCount: 1025, limit: 1024)),
        Refusal(testDescription: "4 GiB", offset: 20, bytes: [0xFF, 0xFF, 0xFF, 0xFF],
            error: .bodyTooLarge(byteCount: .max, limit: 1024)),
    ])
    func refusesHeader(_ row: Refusal) {
        var wire = row.sample.wire
        wire.replaceSubrange(row.offset..<row.offset + row.bytes.count, with: row.bytes)
        #expect(throws: row.error) { try FrameSample.decode(wire) }
        // The header is enough to know.
        #expect(throws: row.error) { try FrameSample.decode(Array(wire[..<FrameHeader.byteCount])) }
    }

    @Test("a whole frame with a field that nobody sends is refused", arguments: [
        Refusal(testDescription: "no endpoint", offset: 48, bytes: [0], error: .badEndpoint(0)),
        Refusal(testDescription: "an endpoint to come", offset: 48, bytes: [99], error: .badEndpoint(99)),
        Refusal(testDescription: "a coding to come", offset: 49, bytes: [3], error: .badCoding(3)),
        Refusal(testDescription: "a place to come", offset: 51, bytes: [2], error: .badBodyPlace(2)),
        Refusal(testDescription: "a body in memory and one behind the head", offset: 51, bytes: [1],
            error: .bodyInTwoPlaces(byteCount: 5)),
        Refusal(testDescription: "an informational status", sample: .result, offset: 24, bytes: [100, 0], error: .badStatus(100)),
        Refusal(testDescription: "status 600", sample: .result, offset: 24, bytes: [0x58, 2], error: .badStatus(600)),
        Refusal(testDescription: "a content type to come", sample: .result, offset: 26, bytes: [5], error: .badContentType(5)),
        Refusal(testDescription: "an answer's coding to come", sample: .result, offset: 27, bytes: [3], error: .badCoding(3)),
    ])
    func refusesFields(_ row: Refusal) throws {
        var wire = row.sample.wire
        wire.replaceSubrange(row.offset..<row.offset + row.bytes.count, with: row.bytes)
        let guarded = GuardedFrame(wire)
        guard case .frame(let header, _) = try FrameHeader.decode(guarded.bytes, bodyLimit: 5) else {
            Issue.record("the frame is whole")
            return
        }
        #expect(throws: row.error) {
            switch header.kind {
            case .infer: _ = try InferFrame(header, guarded.bytes)
            case .result: _ = try ResultFrame(header, guarded.bytes)
            case .cancel: _ = try CancelFrame(header)
            case .memory: _ = try MemoryFrame(header)
            }
        }
    }

    @Test("garbage is refused or waited for, and never read past its end", arguments: FrameSample.all)
    func garbage(_ sample: FrameSample) {
        var random = WireRandom(state: 0xF4A3)
        var accepted = 0
        for _ in 0..<20_000 {
            var wire = sample.wire
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                wire[Int.random(in: wire.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let guarded = GuardedFrame(Array(wire[..<Int.random(in: 0...wire.count, using: &random)]))
            guard case .frame(let header, let body)? = try? FrameHeader.decode(guarded.bytes, bodyLimit: 1024)
            else { continue }
            #expect(body.upperBound <= guarded.bytes.count && body.lowerBound == Int(header.headByteCount))
            _ = try? InferFrame(header, guarded.bytes)
            _ = try? ResultFrame(header, guarded.bytes)
            accepted += 1
        }
        #expect(accepted > 0)
    }
}

/// Seeded random numbers (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", 2014).
struct WireRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// The bytes of a frame, ending at a page that may not be touched.
private final class GuardedFrame {
    private let memory: GuardedBytes
    /// Lives as long as this object.
    let bytes: UnsafeRawBufferPointer

    init(_ source: [UInt8]) {
        memory = GuardedBytes(source)
        bytes = memory.copy(source[...])
    }
}
