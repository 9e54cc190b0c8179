/// Finds the end of a chunked body (RFC 9112 §7.1), whatever way the stream is cut.
package struct ChunkedBody: Equatable {
    private enum State: Equatable {
        /// Reading the hexadecimal size; `seen` says whether a digit has come.
        case size(Int, seen: Bool)
        /// Skipping an extension, to the end of the size line.
        case sizeLine(Int)
        /// This many bytes of data are still to come.
        case data(Int)
        /// The line end after the data.
        case afterData
        /// A trailer line; `count` bytes of it have come.
        case trailer(count: Int)
        case done
    }

    private var state = State.size(0, seen: false)

    package init() {}

    /// Takes bytes up to the end of the body.
    /// - Parameter onData: gets each piece of the body, of the very bytes passed in.
    /// - Returns: how many bytes belong to the body when it is complete, nil when more must come.
    package mutating func consume(
        _ bytes: UnsafeRawBufferPointer, onData: (UnsafeRawBufferPointer) -> Void
    ) throws(MalformedAnswer) -> Int? {
        var index = 0
        while index < bytes.count {
            if case .data(let rest) = state {
                let count = min(rest, bytes.count - index)
                onData(UnsafeRawBufferPointer(rebasing: bytes[index..<index + count]))
                index += count
                state = count == rest ? .afterData : .data(rest - count)
                continue
            }
            try step(bytes[index])
            index += 1
            if state == .done { return index }
        }
        return nil
    }

    private mutating func step(_ byte: UInt8) throws(MalformedAnswer) {
        switch state {
        case .size(let size, let seen):
            if let digit = ChunkedBody.hexadecimal(byte) {
                guard size < 1 << 40 else { throw .badChunk }
                state = .size(size << 4 | digit, seen: true)
            } else {
                guard seen else { throw .badChunk }
                state = .sizeLine(size)
                if byte == 10 { endSizeLine(size) }
            }
        case .sizeLine(let size):
            if byte == 10 { endSizeLine(size) }
        case .afterData:
            guard byte == 10 || byte == 13 else { throw .badChunk }
            if byte == 10 { state = .size(0, seen: false) }
        case .trailer(let count):
            if byte == 10 {
                state = count == 0 ? .done : .trailer(count: 0)
            } else if byte != 13 {
                state = .trailer(count: count + 1)
            }
        case .data, .done: preconditionFailure("taken care of by consume")
        }
    }

    private mutating func endSizeLine(_ size: Int) {
        state = size == 0 ? .trailer(count: 0) : .data(size)
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 55
        default: nil
        }
    }
}
