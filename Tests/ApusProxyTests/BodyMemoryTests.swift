import ApusLoop
import ApusWire
import Glibc
import Testing

@testable import ApusProxy

@Suite("Body memory")
struct BodyMemoryTests {
    @Test("what was given back is taken again, the last one first, if it fits and is not much too large")
    func isReused() throws {
        let bodies = BodyMemory()
        let one = try #require(bodies.take(byteCount: 1 << 20))
        let two = try #require(bodies.take(byteCount: 1 << 20))
        #expect(one !== two && bodies.lentCount == 2)
        bodies.give(one, isKept: true)
        bodies.give(two, isKept: true)
        #expect(bodies.keptCount == 2 && bodies.lentCount == 0 && bodies.keptByteCount == 2 << 20)
        #expect(bodies.take(byteCount: 1 << 20) === two)
        #expect(bodies.take(byteCount: 8 << 20) !== one)
        #expect(bodies.take(byteCount: 200_000) !== one, "a quarter would be left of it")
        #expect(bodies.take(byteCount: 600_000) === one)
        #expect(bodies.keptCount == 0 && bodies.keptByteCount == 0 && bodies.lentCount == 4)
    }

    @Test("what somebody may still read is used for nothing else")
    func isNotReused() throws {
        let bodies = BodyMemory()
        let memory = try #require(bodies.take(byteCount: 1 << 20))
        bodies.give(memory, isKept: false)
        #expect(bodies.keptCount == 0 && bodies.lentCount == 0)
    }

    @Test("nobody keeps more than what is allowed, in all")
    func isBounded() throws {
        let bodies = BodyMemory()
        let taken = try (0..<12).map { _ in try #require(bodies.take(byteCount: 10 << 20)) }
        for memory in taken { bodies.give(memory, isKept: true) }
        #expect(bodies.keptCount == BodyMemory.keptByteLimit / (10 << 20))
        #expect(bodies.keptByteCount <= BodyMemory.keptByteLimit)
        let huge = try #require(bodies.take(byteCount: BodyMemory.keptByteLimit + 1))
        bodies.give(huge, isKept: true)
        #expect(bodies.keptByteCount <= BodyMemory.keptByteLimit)
    }

    @Test("there are so many and no more; what is kept makes room for what is needed")
    func isCounted() throws {
        let bodies = BodyMemory()
        var taken = try (0..<BodyMemory.mostCount).map { _ in try #require(bodies.take(byteCount: 1 << 20)) }
        #expect(bodies.take(byteCount: 1 << 20) == nil)
        bodies.give(taken.removeLast(), isKept: true)
        let large = try #require(bodies.take(byteCount: 5 << 20))
        #expect(bodies.keptCount == 0 && bodies.lentCount == BodyMemory.mostCount)
        #expect(bodies.take(byteCount: 1) == nil)
        bodies.give(large, isKept: false)
        #expect(bodies.take(byteCount: 1 << 20) != nil)
    }

    @Test("few descriptors allow few of them, or none", arguments: [(-5, 0), (0, 0), (3, 0), (24, 6), (256, 64), (.max, 64)])
    func isCountedByDescriptors(spare: Int, wanted: Int) {
        let bodies = BodyMemory(spareDescriptorCount: spare)
        let taken = (0..<70).compactMap { _ in bodies.take(byteCount: 1) }
        #expect(taken.count == wanted)
    }

    @Test("what nobody needs for a second is let go, and nothing before")
    func isLetGo() throws {
        let bodies = BodyMemory()
        let one = try #require(bodies.take(byteCount: 1 << 20))
        let two = try #require(bodies.take(byteCount: 1 << 20))
        bodies.give(one, isKept: true)
        for _ in 0..<5 { bodies.tick() }
        bodies.give(two, isKept: true)
        for _ in 5..<BodyMemory.keptTicks - 1 { bodies.tick() }
        #expect(bodies.keptCount == 2)
        bodies.tick()
        #expect(bodies.keptCount == 1 && bodies.keptByteCount == 1 << 20)
        #expect(bodies.take(byteCount: 1 << 20) === two)
        bodies.give(two, isKept: true)
        for _ in 0..<BodyMemory.keptTicks { bodies.tick() }
        #expect(bodies.keptCount == 0 && bodies.keptByteCount == 0)
    }
}

@Suite("Large requests")
struct LargeRequestTests {
    /// A body that a request is given in pieces.
    static func body(_ byteCount: Int) -> [UInt8] { (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) } }

    static func fill(_ request: ProxyRequest, _ body: [UInt8], pieces: Int) {
        var rest = body[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(pieces))
            rest = rest.dropFirst(piece.count)
            if rest.count % 2 == 0 {
                piece.withUnsafeBytes { request.append($0) }
            } else {
                request.room(for: min(rest.count + piece.count, 256 << 10)).copyBytes(from: piece)
                request.extend(by: piece.count)
            }
        }
    }

    /// What a worker reads that gets the frame by its socket.
    static func sent(_ request: ProxyRequest) throws -> [UInt8] {
        let frame = request.frame(flags: .endOfGroup)
        guard case .frame(let header, let range) = try FrameHeader.decode(frame, bodyLimit: .max) else { return [] }
        #expect(try InferFrame(header, frame).memoryOffset == nil)
        return Array(frame[range])
    }

    /// What a worker reads that is passed the memory.
    static func passed(_ request: ProxyRequest) throws -> [UInt8] {
        let (head, descriptor) = request.sharedFrame(flags: .endOfGroup)
        guard case .frame(let header, 64..<64) = try FrameHeader.decode(head, bodyLimit: 0) else { return [] }
        let frame = try InferFrame(header, head)
        let offset = try #require(frame.memoryOffset)
        let size = Int(lseek(descriptor, 0, SEEK_END))
        #expect(frame.memoryByteCount <= UInt64(size))
        let tensors = Int(offset) + Int(max(0, frame.inferenceHeaderByteCount))
        #expect(tensors % BodyMemory.alignment == 0)
        var bytes = [UInt8](repeating: 0, count: Int(frame.bodyByteCount))
        #expect(pread(descriptor, &bytes, bytes.count, Int(offset)) == bytes.count)
        return bytes
    }

    @Test("a large body is the same by both ways, its tensors aligned", arguments: [-1, 0, 1, 63, 64, 101], [true, false])
    func bothWays(jsonByteCount: Int64, isAnnounced: Bool) throws {
        let table = RequestTable()
        let request = table.take()
        let body = Self.body(3_136_187)
        request.inferenceHeaderByteCount = jsonByteCount
        if isAnnounced { request.announcedByteCount = body.count }
        Self.fill(request, body, pieces: 61_003)
        #expect(request.isShared && request.body.elementsEqual(body))
        #expect(try Self.passed(request) == body)
        #expect(try Self.sent(request) == body)
        #expect(try Self.passed(request) == body, "again, to another worker")
        table.release(request)
        #expect(table.bodies.lentCount == 0 && table.bodies.keptCount > 0)
        #expect(table.take() === request && !request.isShared)
    }

    @Test("a body of known length gets its memory at once, one of unknown length as it grows")
    func growth() {
        let table = RequestTable()
        let known = table.take()
        known.announcedByteCount = 3 << 20
        Self.fill(known, Self.body(40_000), pieces: 40_000)
        #expect(known.isShared)
        Self.fill(known, Self.body((3 << 20) - 40_000), pieces: 100_000)
        #expect(table.bodies.lentCount == 1 && table.bodies.keptCount == 0)
        let unknown = table.take()
        Self.fill(unknown, Self.body(200_000), pieces: 10_000)
        #expect(!unknown.isShared)
        Self.fill(unknown, Self.body(100_000), pieces: 10_000)
        #expect(unknown.isShared && unknown.bodyByteCount == 300_000)
    }

    @Test("who only announces a large body takes no memory for it")
    func announcement() {
        let table = RequestTable()
        let request = table.take()
        request.announcedByteCount = 60 << 20
        Self.fill(request, Self.body(ProxyRequest.earnestByteCount - 1), pieces: 1000)
        #expect(!request.isShared && table.bodies.lentCount == 0)
        Self.fill(request, Self.body(40_000), pieces: 1000)
        #expect(request.isShared)
    }

    @Test("a small body needs none, whatever came before it in its place")
    func small() throws {
        let table = RequestTable()
        for byteCount in [10, 1 << 20, 10, BodyMemory.threshold - 100, BodyMemory.threshold] {
            let request = table.take()
            request.announcedByteCount = byteCount
            let body = Self.body(byteCount)
            Self.fill(request, body, pieces: 50_000)
            #expect(request.isShared == (byteCount >= BodyMemory.threshold))
            #expect(try Self.sent(request) == body)
            table.release(request)
        }
    }

    @Test("when no more memory of that kind is to be had, the body goes by the socket")
    func noMemory() throws {
        let table = RequestTable()
        let growing = table.take()
        let body = Self.body(2 << 20)
        Self.fill(growing, Array(body[..<500_000]), pieces: 50_000)
        #expect(growing.isShared)
        let taken = (table.bodies.lentCount..<BodyMemory.mostCount).compactMap { _ in table.bodies.take(byteCount: 1) }
        #expect(table.bodies.lentCount == BodyMemory.mostCount && !taken.isEmpty)
        let late = table.take()
        late.announcedByteCount = body.count
        Self.fill(late, body, pieces: 50_000)
        #expect(!late.isShared)
        #expect(try Self.sent(late) == body)
        // One that has outgrown its memory, too.
        Self.fill(growing, Array(body[500_000...]), pieces: 50_000)
        #expect(!growing.isShared)
        #expect(try Self.sent(growing) == body)
    }

    @Test("memory that a lost worker may still read serves no other request")
    func lostReader() throws {
        let table = RequestTable()
        let request = table.take()
        let body = Self.body(1 << 20)
        request.announcedByteCount = body.count
        Self.fill(request, body, pieces: 50_000)
        request.mistrustReader()
        #expect(try Self.passed(request) == body, "but this one again")
        table.release(request)
        #expect(table.bodies.keptCount == 0 && table.bodies.lentCount == 0)
        let next = table.take()
        Self.fill(next, body, pieces: 50_000)
        #expect(try Self.passed(next) == body)
        table.release(next)
        #expect(table.bodies.keptCount > 0, "it is forgotten with the request")
    }

    @Test("a body that no worker was given, and memory that was outgrown, leave nothing behind")
    func refused() {
        let table = RequestTable()
        let request = table.take()
        Self.fill(request, Self.body(3 << 20), pieces: 50_000)
        #expect(request.isShared && table.bodies.keptCount == 0 && table.bodies.lentCount == 1)
        table.release(request)
        #expect(table.bodies.keptCount == 0 && table.bodies.lentCount == 0)
    }
}
