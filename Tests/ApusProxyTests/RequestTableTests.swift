import ApusWire
import Testing

@testable import ApusProxy

@Suite("Request table")
struct RequestTableTests {
    @Test("no id is ever given out twice, and one that was given back finds nobody", arguments: 1...3)
    func ids(seed: UInt64) {
        var random = FixedRandom(seed: seed)
        let table = RequestTable()
        var used: [ProxyRequest] = []
        var old: Set<UInt64> = []
        for step in 0..<3000 {
            if used.isEmpty || Int.random(in: 0..<5, using: &random) < 3 && used.count < 40 {
                let request = table.take()
                request.state = .dispatched
                #expect(!old.contains(request.id), "step \(step)")
                used.append(request)
            } else {
                let request = used.remove(at: .random(in: 0..<used.count, using: &random))
                old.insert(request.id)
                request.isBeingWritten = Int.random(in: 0..<4, using: &random) == 0
                table.release(request)
            }
            #expect(table.count == used.count)
            #expect(used.allSatisfy { table.find($0.id) === $0 }, "step \(step)")
        }
        #expect(old.allSatisfy { table.find($0) == nil })
        #expect(table.find(.max) == nil && table.find(0) == nil)
    }

    @Test("a request whose body still arrives is found by no answer")
    func idle() {
        let table = RequestTable()
        let request = table.take()
        #expect(table.find(request.id) == nil)
        request.state = .queued
        #expect(table.find(request.id) === request)
    }

    @Test("a request whose memory a socket still reads is not used again; its place is")
    func beingWritten() {
        let table = RequestTable()
        let request = table.take()
        let id = request.id
        request.isBeingWritten = true
        table.release(request)
        let next = table.take()
        #expect(next !== request)
        #expect(next.id != id && next.id & 0xffff_ffff == id & 0xffff_ffff)
        #expect(table.count == 1)
    }

    @Test("what a socket still reads stays as it is until its write ends", arguments: [2_000, 30_000, 300_000])
    func writtenMemory(byteCount: Int) throws {
        let table = RequestTable()
        var request: ProxyRequest? = table.take()
        let body = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        body.withUnsafeBytes { request?.append($0) }
        let frame = try #require(request?.frame(flags: .endOfGroup, readsMemory: false))
        request?.isBeingWritten = true
        try table.release(#require(request))
        let next = table.take()
        [UInt8](repeating: 0, count: byteCount).withUnsafeBytes { next.append($0) }
        #expect(frame[InferFrame.byteCount...].elementsEqual(body))
        table.release(next)
        let lentCount = byteCount >= BodyMemory.threshold ? 1 : 0
        #expect(table.bodies.lentCount == lentCount)
        request = nil
        #expect(table.bodies.lentCount == 0)
    }

    @Test("a request that is used again remembers nothing of its last use")
    func reset() {
        let table = RequestTable()
        let request = table.take()
        request.state = .dispatched
        request.isAlone = true
        request.isAnswered = true
        request.crashCount = 1
        request.externalDeathCount = 3
        request.inferenceHeaderByteCount = 9
        [UInt8](repeating: 7, count: 100_000).withUnsafeBytes { request.append($0) }
        table.release(request)
        let next = table.take()
        #expect(next === request)
        #expect(next.state == .idle && !next.isAlone && !next.isAnswered && next.crashCount == 0)
        #expect(next.externalDeathCount == 0 && next.inferenceHeaderByteCount == -1)
        #expect(next.bodyByteCount == 0)
    }

    @Test("a body in pieces, appended or read in place, comes out of the frame whole")
    func body() throws {
        let request = ProxyRequest()
        var wanted: [UInt8] = []
        for count in [0, 1, 900, 70_000, 3] {
            let piece = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }
            if count % 2 == 0 {
                piece.withUnsafeBytes { request.append($0) }
            } else {
                request.room(for: count + 10).copyBytes(from: piece)
                request.extend(by: count)
            }
            wanted += piece
        }
        request.id = 42
        let frame = request.frame(flags: .endOfGroup, readsMemory: false)
        guard case .frame(let header, let body) = try FrameHeader.decode(frame, bodyLimit: 1 << 20)
        else { return #expect(Bool(false), "the frame is whole") }
        #expect(header.requestID == 42 && header.flags == .endOfGroup)
        #expect(Array(frame[body]) == wanted)
    }
}
