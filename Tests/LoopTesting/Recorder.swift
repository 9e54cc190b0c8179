import ApusLoop

/// Writes down what happens on a stream.
package final class Recorder: StreamOwner {
    package private(set) var received: [UInt8] = []
    /// Nil until the end; then the error that it came with, if any.
    package private(set) var end: UVError??
    package private(set) var endCount = 0
    package private(set) var drainCount = 0
    package private(set) var writeErrors: [UVError] = []
    private let memory: UnsafeMutableRawBufferPointer

    package init(readByteCount: Int = 64 << 10) {
        memory = .allocate(byteCount: readByteCount, alignment: 16)
    }

    deinit { memory.deallocate() }

    package var hasEnded: Bool { endCount > 0 }

    /// Forgets the first bytes that came.
    package func take(_ byteCount: Int) { received.removeFirst(byteCount) }

    package func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer { memory }

    package func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer) { received += bytes }

    package func stream(_ stream: Stream, didEnd error: UVError?) {
        end = .some(error)
        endCount += 1
    }

    package func streamDidDrain(_ stream: Stream) { drainCount += 1 }

    package func stream(_ stream: Stream, didFailToWrite error: UVError) { writeErrors.append(error) }
}

/// One end of a connection with its recorder.
package struct RecordedStream {
    package let stream: Stream
    package let recorder: Recorder

    package init(_ stream: Stream, readByteCount: Int = 64 << 10) {
        self.stream = stream
        recorder = Recorder(readByteCount: readByteCount)
        stream.setOwner(recorder)
        stream.startReading()
    }

    /// Both ends of a socket pair.
    package static func pair(
        on loop: Loop, readByteCount: Int = 64 << 10
    ) throws -> (RecordedStream, RecordedStream) {
        let (one, other) = try SocketPair.make()
        return (
            RecordedStream(try .adopt(one, on: loop), readByteCount: readByteCount),
            RecordedStream(try .adopt(other, on: loop), readByteCount: readByteCount)
        )
    }

    package func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try stream.send($0) }
    }
}

/// Bytes in which a lost, doubled or moved piece shows.
package func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 + seed) &* 0x9E37_79B1 >> 13) }
}
