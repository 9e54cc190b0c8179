import ApusProtocols
import ApusWire

/// Answers on their way to one proxy: frames one behind the other, written by as few calls as the socket
/// takes. Codecs write bodies straight into it.
struct AnswerOutbox {
    /// What the memory comes back to after a big answer.
    static let restingCapacity = 64 << 10

    /// Where a codec appends an answer's body, between `begin` and `finish` or `cancel`.
    let buffer = ResponseBuffer(capacity: 4096)
    /// Bytes at the front of `buffer` that are sent already.
    private var sentByteCount = 0
    private static let placeholder = [UInt8](repeating: 0, count: ResultFrame.byteCount)

    /// Nothing waits to be sent.
    var isEmpty: Bool { buffer.count == 0 }

    /// Starts an answer: room for its head.
    /// - Returns: where the answer begins, for `finish` and `cancel`.
    func begin() -> Int {
        let start = buffer.count
        buffer.append(Self.placeholder)
        return start
    }

    /// How many bytes of body the answer that began at `start` has so far.
    func bodyByteCount(from start: Int) -> Int { buffer.count - start - ResultFrame.byteCount }

    /// Ends the answer that began at `start`: writes its head, with the body's byte count.
    func finish(_ start: Int, _ frame: ResultFrame) {
        var frame = frame
        frame.bodyByteCount = UInt32(bodyByteCount(from: start))
        guard let memory = buffer.mutableBytes.baseAddress else { return }
        frame.encode(into: memory + start)
    }

    /// Takes back the answer that was begun at `start`.
    func cancel(_ start: Int) { buffer.truncate(to: start) }

    /// Takes back the body of the answer that was begun at `start`.
    func restart(_ start: Int) { buffer.truncate(to: start + ResultFrame.byteCount) }

    /// Sends what fits now.
    mutating func flush(to socket: borrowing Socket) -> Socket.Outcome {
        while sentByteCount < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer.bytes[sentByteCount...])
            switch socket.send(rest) {
            case .moved(let byteCount): sentByteCount += byteCount
            case .wouldBlock: return .wouldBlock
            case .closed: return .closed
            }
        }
        let total = sentByteCount
        buffer.removeAll()
        buffer.shrink(toByteCount: Self.restingCapacity)
        sentByteCount = 0
        return .moved(byteCount: total)
    }
}
