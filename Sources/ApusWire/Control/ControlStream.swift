/// A message on a control socket between the supervisor and one of its processes.
///
///     offset  size  field
///          0     4  byte count of what follows, little-endian
///          4     1  kind
///          5        the kind's fields, see `ControlWriter`
package protocol ControlMessage {
    func write(to writer: inout ControlWriter)
    init(reading reader: inout ControlReader) throws(ControlError)
}

extension ControlMessage {
    /// The whole message with its length, ready to send.
    package func encoded() -> [UInt8] {
        var body = ControlWriter()
        write(to: &body)
        var framed = ControlWriter()
        framed.write(body.bytes)
        return framed.bytes
    }
}

/// Cuts the bytes of a control socket into messages.
package struct ControlStream {
    /// Far above what documents and routes of thousands of models need.
    package static let messageByteLimit = 64 << 20

    private var pending: [UInt8] = []

    package init() {}

    /// What came and is no whole message yet.
    package var unread: [UInt8] { pending }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) { pending.append(contentsOf: bytes) }

    /// The next whole message, or nil when more bytes are needed.
    package mutating func next<Message: ControlMessage>(
        _: Message.Type = Message.self
    ) throws(ControlError) -> Message? {
        guard pending.count >= 4 else { return nil }
        var header = ControlReader(pending.prefix(4))
        let byteCount = Int(try header.read(UInt32.self))
        guard byteCount <= Self.messageByteLimit else {
            throw .tooLarge(byteCount: byteCount, limit: Self.messageByteLimit)
        }
        guard pending.count >= 4 + byteCount else { return nil }
        var reader = ControlReader(pending[4..<4 + byteCount])
        let message = try Message(reading: &reader)
        try reader.finish()
        pending.removeFirst(4 + byteCount)
        return message
    }
}
