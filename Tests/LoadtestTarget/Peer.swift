import ApusLoop
import Glibc

/// What is done with requests.
protocol Service: AnyObject {
    /// A request is whole. Answer it, now or later, with `peer.answer()`.
    func take(_ peer: Peer)
}

/// One client's connection: counts whole requests, and answers each with the same few bytes.
final class Peer: StreamOwner {
    private let stream: Stream
    private let service: any Service
    private var bytes: [UInt8] = []
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
    private static let reply = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)

    init(_ stream: Stream, _ service: any Service) {
        self.stream = stream
        self.service = service
        stream.disableNagle()
        stream.setOwner(self)
        stream.startReading()
    }

    deinit { memory.deallocate() }

    func answer() {
        guard stream.isOpen else { return }
        Peer.reply.withUnsafeBytes { bytes in
            do { try stream.send(bytes) } catch { stream.close() }
        }
    }

    func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer { memory }

    /// The test's requests have no body, so a request ends at its empty line.
    func stream(_ stream: Stream, didRead more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
        while let end = endOfHead() {
            bytes.removeFirst(end)
            service.take(self)
        }
    }

    private func endOfHead() -> Int? {
        guard bytes.count >= 4 else { return nil }
        for end in 4...bytes.count where bytes[end - 1] == 10 && bytes[end - 3] == 10 { return end }
        return nil
    }

    func stream(_ stream: Stream, didEnd error: UVError?) { stream.close() }
    func streamDidDrain(_ stream: Stream) {}
    func stream(_ stream: Stream, didFailToWrite error: UVError) { stream.close() }
}

/// Says when the other side of a pipe is closed.
final class EndWatch: StreamOwner {
    private let onEnd: () -> Void
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)

    init(onEnd: @escaping () -> Void) { self.onEnd = onEnd }

    deinit { memory.deallocate() }

    func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer { memory }
    func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer) {}
    func stream(_ stream: Stream, didEnd error: UVError?) { onEnd() }
    func streamDidDrain(_ stream: Stream) {}
    func stream(_ stream: Stream, didFailToWrite error: UVError) {}
}
