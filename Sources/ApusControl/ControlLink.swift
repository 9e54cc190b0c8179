import ApusLoop
import ApusWire

/// Our end of a control socket on an event loop: whole messages in, whole messages out.
///
/// The end of the socket is reported once: the process at the other end is gone, or as good as gone.
package final class ControlLink<Report: ControlMessage>: StreamOwner {
    private let stream: Stream
    private let loop: Loop
    private var incoming = ControlStream()
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
    private var onReport: ((Report) -> Void)?
    private var onEnd: (() -> Void)?

    /// - Parameters:
    ///   - stream: open; it is closed with this link.
    ///   - unread: what was read from it before, see `unread`.
    package init(
        _ stream: Stream, on loop: Loop, unread: [UInt8] = [], onReport: @escaping (Report) -> Void,
        onEnd: @escaping () -> Void
    ) {
        self.stream = stream
        self.loop = loop
        self.onReport = onReport
        self.onEnd = onEnd
        unread.withUnsafeBytes { incoming.append($0) }
        stream.setOwner(self)
        stream.startReading()
    }

    deinit { memory.deallocate() }

    /// Queues the message when the other end does not read now. Its death is reported by reading.
    package func send(_ order: some ControlMessage) {
        guard stream.isOpen else { return }
        order.encoded().withUnsafeBytes { bytes in
            try? stream.send(bytes)  // a failure is followed by the end, which is handled there
        }
    }

    /// Its socket; -1 when it is closed.
    package var descriptor: CInt { stream.descriptor }

    /// What came and is no whole message yet.
    package var unread: [UInt8] { incoming.unread }

    /// All that was sent is with the kernel.
    package var isFlushed: Bool { !stream.isOpen || stream.queuedByteCount == 0 }

    /// The socket that came with the message being reported. One call for each message that carries one.
    package func takePassedSocket() -> Stream? { (try? stream.takePassedSocket(on: loop)) ?? nil }

    /// Closes our end, which tells the other end to leave. Nothing is reported after it.
    package func close() {
        onReport = nil
        onEnd = nil
        stream.close()
    }

    package func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer { memory }

    package func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer) {
        incoming.append(bytes)
        do throws(ControlError) {
            while let report: Report = try incoming.next() {
                onReport?(report)
            }
        } catch {
            end()  // a process of ours that speaks nonsense is as good as dead
        }
    }

    package func stream(_ stream: Stream, didEnd error: UVError?) { end() }

    package func streamDidDrain(_ stream: Stream) {}

    package func stream(_ stream: Stream, didFailToWrite error: UVError) {}

    private func end() {
        let onEnd = onEnd
        close()
        onEnd?()
    }
}
