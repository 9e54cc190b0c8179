import ApusWire
import Glibc
import Testing

@testable import ApusWorker

@Suite("Frame inbox")
struct FrameInboxTests {
    @Test("a large frame's tensors are aligned, whatever the length of the JSON before them", arguments: [
        1, 63, 64, 101,
    ])
    func aligned(_ jsonByteCount: Int) throws {
        let found = try Self.received(jsonByteCount)
        #expect(found % 64 == 0)
    }

    @Test("a length of JSON that nothing has is no reason to stop", arguments: [
        .max, .max - 63, .max - 64, -1, .min,
    ] as [Int])
    func senselessLength(_ jsonByteCount: Int) throws { _ = try Self.received(jsonByteCount) }

    /// Sends a large frame through an inbox.
    /// - Returns: the address at which its tensors would lie.
    private static func received(_ jsonByteCount: Int) throws -> UInt {
        let (ours, theirs) = try Socket.pair()
        let writer = Socket(owning: ours)
        let reader = Socket(owning: theirs)
        var inbox = FrameInbox(bodyByteLimit: 1 << 20)
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let frame = Self.frame(jsonByteCount, body)
        var sent = 0
        while true {
            frame.withUnsafeBytes { bytes in
                if sent < bytes.count, case .moved(let count) = writer.send(UnsafeRawBufferPointer(rebasing: bytes[sent...])) {
                    sent += count
                }
            }
            _ = inbox.receive(from: reader)
            guard let (_, found) = try inbox.next() else { continue }
            #expect(found.elementsEqual(body))
            let address = UInt(bitPattern: found.baseAddress!) &+ UInt(bitPattern: jsonByteCount)
            inbox.shrink()
            #expect(inbox.capacity == FrameInbox.restingCapacity)
            return address
        }
    }

    private static func frame(_ jsonByteCount: Int, _ body: [UInt8]) -> [UInt8] {
        let head = InferFrame(
            requestID: 1, flags: .endOfGroup, bodyByteCount: UInt32(body.count), deadline: .max, arrivedAt: 0,
            inferenceHeaderByteCount: Int64(jsonByteCount), endpoint: .openInference, coding: .identity, accepted: [])
        var bytes = [UInt8](repeating: 0, count: InferFrame.byteCount)
        bytes.withUnsafeMutableBytes { head.encode(into: $0.baseAddress!) }
        return bytes + body
    }
}
