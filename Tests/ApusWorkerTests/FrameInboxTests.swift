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
            #expect(UInt(bitPattern: found.baseAddress! + jsonByteCount) % 64 == 0)
            break
        }
        inbox.shrink()
        #expect(inbox.capacity == FrameInbox.restingCapacity)
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
