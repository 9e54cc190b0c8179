import ApusLoop
import ApusWire
import Glibc
import LoopTesting
import Testing

@testable import ApusProxy

@Suite("Body memory")
struct BodyMemoryTests {
    @Test("blocks hold what was asked for, begin at pages, and no two share a byte")
    func areApart() {
        let bodies = BodyMemory(byteCount: 64 << 20)
        var random = FixedRandom(seed: 3)
        func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
        var taken: [BodyMemory.Block] = []
        for step in 0..<4_000 {
            if below(5) < 2, !taken.isEmpty {
                bodies.give(taken.remove(at: below(taken.count)), isKept: below(2) == 0)
                continue
            }
            let byteCount = 1 + below(below(8) == 0 ? 3 << 20 : 20_000)
            guard let block = bodies.take(byteCount: byteCount) else {
                while taken.count > 10 { bodies.give(taken.removeLast(), isKept: true) }
                bodies.tick()
                continue
            }
            taken.append(block)
            #expect(block.byteCount >= byteCount && block.offset % 4096 == 0 && bodies.lentCount == taken.count)
            guard step % 50 == 0 else { continue }
            let sorted = taken.sorted { $0.offset < $1.offset }
            let areApart = zip(sorted, sorted.dropFirst()).allSatisfy { $0.offset + $0.byteCount <= $1.offset }
            #expect(areApart && sorted.last.map { $0.offset + $0.byteCount <= 64 << 20 } ?? true)
        }
        for block in taken { bodies.give(block, isKept: true) }
        bodies.tick()
        #expect(bodies.take(byteCount: 64 << 20)?.offset == 0, "all parts make a whole again")
    }

    @Test("parts are put together when a larger block is wanted, once between two ticks")
    func arePutTogether() throws {
        let bodies = BodyMemory(byteCount: 1 << 20)
        func takeAndGiveParts() throws {
            let parts = try (0..<256).map { _ in try #require(bodies.take(byteCount: 4096)) }
            #expect(bodies.take(byteCount: 1) == nil)
            for part in parts { bodies.give(part, isKept: true) }
        }
        try takeAndGiveParts()
        let whole = try #require(bodies.take(byteCount: 1 << 20))
        bodies.give(whole, isKept: true)
        try takeAndGiveParts()
        #expect(bodies.take(byteCount: 1 << 20) == nil)
        bodies.tick()
        #expect(bodies.take(byteCount: 1 << 20) != nil)
    }

    @Test("what was given back is taken again, the last one first")
    func isReused() throws {
        let bodies = BodyMemory()
        let one = try #require(bodies.take(byteCount: 1 << 20))
        let two = try #require(bodies.take(byteCount: 1 << 20))
        bodies.address(of: two).storeBytes(of: 42, as: UInt8.self)
        bodies.give(one, isKept: true)
        bodies.give(two, isKept: true)
        #expect(bodies.lentCount == 0 && bodies.keptByteCount == 2 << 20)
        let again = try #require(bodies.take(byteCount: 600_000))
        #expect(again.offset == two.offset && bodies.address(of: again).load(as: UInt8.self) == 42)
        #expect(bodies.keptByteCount == 1 << 20 && bodies.lentCount == 1)
    }

    @Test("what is not to be kept is given back to the system at once, and nothing beside it")
    func isNotKept() throws {
        let bodies = BodyMemory()
        let (one, two) = (try #require(bodies.take(byteCount: 5000)), try #require(bodies.take(byteCount: 5000)))
        for block in [one, two] { bodies.address(of: block).storeBytes(of: 42, as: UInt8.self) }
        bodies.give(one, isKept: false)
        #expect(bodies.address(of: one).load(as: UInt8.self) == 0)
        #expect(bodies.address(of: two).load(as: UInt8.self) == 42)
        bodies.give(two, isKept: false)
        #expect(bodies.keptByteCount == 0 && bodies.lentCount == 0)
    }

    @Test("nobody keeps more than what is allowed, in all")
    func isBounded() throws {
        let bodies = BodyMemory()
        let taken = try (0..<12).map { _ in try #require(bodies.take(byteCount: 16 << 20)) }
        for block in taken { bodies.give(block, isKept: true) }
        #expect(bodies.keptByteCount == BodyMemory.keptByteLimit)
        let huge = try #require(bodies.take(byteCount: 2 * BodyMemory.keptByteLimit))
        bodies.give(huge, isKept: true)
        #expect(bodies.keptByteCount <= BodyMemory.keptByteLimit)
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
        #expect(bodies.keptByteCount == 2 << 20)
        bodies.tick()
        #expect(bodies.keptByteCount == 1 << 20)
        #expect(bodies.take(byteCount: 1 << 20)?.offset == two.offset)
        bodies.give(two, isKept: true)
        for _ in 0..<BodyMemory.keptTicks { bodies.tick() }
        #expect(bodies.keptByteCount == 0)
    }

    @Test("what a worker may still read is used for nothing else for half a minute, and is not kept then")
    func isMistrusted() throws {
        let bodies = BodyMemory(byteCount: 1 << 20)
        let block = try #require(bodies.take(byteCount: 1 << 20))
        bodies.address(of: block).storeBytes(of: 42, as: UInt8.self)
        bodies.giveLater(block)
        #expect(bodies.address(of: block).load(as: UInt8.self) == 0, "the system has its pages")
        for _ in 0..<BodyMemory.mistrustTicks - 1 { bodies.tick() }
        #expect(bodies.take(byteCount: 1) == nil && bodies.lentCount == 1)
        bodies.tick()
        #expect(bodies.keptByteCount == 0 && bodies.lentCount == 0)
        #expect(bodies.take(byteCount: 1 << 20) != nil)
    }

    @Test("a worker gets it with one frame, and reads what is written to it later")
    func isLent() throws {
        try withLoop { loop in
            let bodies = BodyMemory(byteCount: 1 << 20)
            let (ours, theirs) = try SocketPair.make()
            let stream = try Stream.adopt(ours, on: loop)
            #expect(bodies.lend(to: stream))
            let block = try #require(bodies.take(byteCount: 5000))
            bodies.address(of: block).storeBytes(of: 42, as: UInt8.self)
            let (bytes, descriptor) = receiveWithDescriptor(theirs)
            let passed = try #require(descriptor)
            let step = try bytes.withUnsafeBytes { try FrameHeader.decode($0, bodyLimit: 0) }
            guard case .frame(let header, let body) = step else {
                Issue.record("the frame is whole")
                return
            }
            _ = try MemoryFrame(header)
            #expect(body.upperBound == bytes.count)
            var byte: UInt8 = 0
            #expect(pread(passed, &byte, 1, block.offset) == 1 && byte == 42)
            #expect(pwrite(passed, &byte, 1, 0) == -1)
            close(passed)
            SocketPair.close(theirs)
            #expect(!bodies.lend(to: stream), "nobody is there")
            stream.close()
        }
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

    /// What a worker reads that gets the body by its socket.
    static func sent(_ request: ProxyRequest) throws -> [UInt8] {
        let frame = request.frame(flags: .endOfGroup, readsMemory: false)
        guard case .frame(let header, let range) = try FrameHeader.decode(frame, bodyLimit: .max) else { return [] }
        #expect(try InferFrame(header, frame).memoryOffset == nil)
        return Array(frame[range])
    }

    /// What a worker reads that has the memory.
    static func laid(_ request: ProxyRequest, _ table: RequestTable) throws -> [UInt8] {
        let head = request.frame(flags: .endOfGroup, readsMemory: true)
        guard case .frame(let header, 64..<64) = try FrameHeader.decode(head, bodyLimit: 0) else { return [] }
        let frame = try InferFrame(header, head)
        let offset = Int(try #require(frame.memoryOffset))
        #expect(frame.memoryByteCount <= UInt64(BodyMemory.byteCount))
        #expect((offset + Int(max(0, frame.inferenceHeaderByteCount))) % BodyMemory.alignment == 0)
        return Array(table.bodies.bytes[offset..<offset + Int(frame.bodyByteCount)])
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
        #expect(try Self.laid(request, table) == body)
        #expect(try Self.sent(request) == body)
        #expect(try Self.laid(request, table) == body, "again, to another worker")
        table.release(request)
        #expect(table.bodies.lentCount == 0 && table.bodies.keptByteCount > 0)
        #expect(table.take() === request && !request.isShared)
    }

    @Test("a body of known length gets its memory at once, one of unknown length as it grows")
    func growth() {
        let table = RequestTable()
        let known = table.take()
        known.announcedByteCount = 3 << 20
        Self.fill(known, Self.body(40_000), pieces: 40_000)
        let place = known.body.baseAddress
        Self.fill(known, Self.body((3 << 20) - 40_000), pieces: 100_000)
        #expect(known.isShared && known.body.baseAddress == place && table.bodies.lentCount == 1)
        let unknown = table.take()
        Self.fill(unknown, Self.body(3_000), pieces: 1_000)
        #expect(!unknown.isShared)
        Self.fill(unknown, Self.body(297_000), pieces: 10_000)
        #expect(unknown.isShared && unknown.bodyByteCount == 300_000 && table.bodies.lentCount == 2)
    }

    @Test("who only announces a large body takes no memory for it")
    func announcement() throws {
        let table = RequestTable(bodies: BodyMemory(byteCount: 1 << 20))
        let request = table.take()
        request.announcedByteCount = 900_000
        Self.fill(request, Self.body(ProxyRequest.earnestByteCount - 1), pieces: 1000)
        let other = try #require(table.bodies.take(byteCount: 512 << 10), "half of it is free")
        table.bodies.give(other, isKept: true)
        table.bodies.tick()
        Self.fill(request, Self.body(40_000), pieces: 1000)
        #expect(table.bodies.take(byteCount: 512 << 10) == nil || !request.isShared)
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

    @Test("when there is no room, the body goes by the socket")
    func noMemory() throws {
        let table = RequestTable(bodies: BodyMemory(byteCount: 1 << 20))
        let growing = table.take()
        let body = Self.body(2 << 20)
        Self.fill(growing, Array(body[..<200_000]), pieces: 50_000)
        #expect(growing.isShared)
        let late = table.take()
        late.announcedByteCount = body.count
        Self.fill(late, body, pieces: 50_000)
        #expect(!late.isShared)
        #expect(try Self.sent(late) == body)
        // One that has outgrown its memory, too.
        Self.fill(growing, Array(body[200_000...]), pieces: 50_000)
        #expect(!growing.isShared && table.bodies.lentCount == 0)
        #expect(try Self.sent(growing) == body)
    }

    @Test("memory that a lost worker may still read serves no other request")
    func lostReader() throws {
        let table = RequestTable()
        let request = table.take()
        let body = Self.body(1 << 20)
        request.announcedByteCount = body.count
        Self.fill(request, body, pieces: 50_000)
        let place = request.body.baseAddress
        request.mistrustReader()
        #expect(try Self.laid(request, table) == body, "but this one again")
        table.release(request)
        #expect(table.bodies.keptByteCount == 0 && table.bodies.lentCount == 1)
        let next = table.take()
        next.announcedByteCount = body.count
        Self.fill(next, body, pieces: 50_000)
        #expect(try Self.laid(next, table) == body && next.body.baseAddress != place)
        table.release(next)
        #expect(table.bodies.keptByteCount > 0, "it is forgotten with the request")
        let last = table.take()
        Self.fill(last, body, pieces: 50_000)
        _ = try Self.laid(last, table)
        last.mistrustReader()
        last.readerHasEnded()
        table.release(last)
        #expect(table.bodies.lentCount == 1, "only the first one is waited for")
    }

    @Test("memory that two workers were given is not used while one of them may read it")
    func lostReaders() throws {
        let table = RequestTable()
        let request = table.take()
        Self.fill(request, Self.body(1 << 20), pieces: 50_000)
        _ = try Self.laid(request, table)
        request.mistrustReader()  // nobody says what became of this one
        _ = try Self.laid(request, table)
        request.mistrustReader()
        request.readerHasEnded()
        table.release(request)
        #expect(table.bodies.keptByteCount == 0 && table.bodies.lentCount == 1)
    }

    @Test("a body that no worker was given, and memory that was outgrown, leave nothing behind")
    func refused() {
        let table = RequestTable()
        let request = table.take()
        Self.fill(request, Self.body(3 << 20), pieces: 50_000)
        #expect(request.isShared && table.bodies.keptByteCount == 0 && table.bodies.lentCount == 1)
        table.release(request)
        #expect(table.bodies.keptByteCount == 0 && table.bodies.lentCount == 0)
    }
}
