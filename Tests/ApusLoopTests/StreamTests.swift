import Glibc
import LoopTesting
import Testing

@testable import ApusLoop

@Suite("Stream")
struct StreamTests {
    /// More than a socket's buffer takes at once.
    static let largeByteCount = 4 << 20

    @Test("what one end sends, the other reads in order, however small its memory", arguments: [1, 7, 4096])
    func reads(readByteCount: Int) throws {
        try withLoop { loop in
            let (one, other) = try RecordedStream.pair(on: loop, readByteCount: readByteCount)
            let bytes = pattern(500)
            try one.send(Array(bytes[..<123]))
            try one.send(Array(bytes[123...]))
            try loop.run(until: "all bytes are read") { other.recorder.received.count == bytes.count }
            #expect(other.recorder.received == bytes)
            one.stream.close()
            other.stream.close()
        }
    }

    @Test("a descriptor that is no socket is refused, and closed")
    func adoptsNoSocket() throws {
        try withLoop { loop in
            let descriptor = open("/", 0o10000000 | O_CLOEXEC)  // O_PATH (<bits/fcntl-linux.h>), which the importer leaves out
            #expect(throws: UVError.self) { try Stream.adopt(descriptor, on: loop) }
            #expect(fcntl(descriptor, F_GETFD) == -1 && errno == EBADF)
        }
    }

    @Test("the end is reported once, after the last byte, and the other direction stays open")
    func end() throws {
        try withLoop { loop in
            let (one, other) = try RecordedStream.pair(on: loop)
            try one.send([1, 2, 3])
            one.stream.shutdownWriting()
            try loop.run(until: "the end comes") { other.recorder.hasEnded }
            #expect(other.recorder.received == [1, 2, 3])
            #expect(other.recorder.end == .some(nil))
            #expect(!other.stream.isReading)
            try other.send([4])
            try loop.run(until: "the answer comes") { one.recorder.received == [4] }
            other.stream.close()
            try loop.run(until: "the other end comes") { one.recorder.hasEnded }
            #expect(other.recorder.endCount == 1)
            one.stream.close()
        }
    }

    @Test("a peer that leaves without reading is an end with a reason")
    func reset() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let one = RecordedStream(try .adopt(ours, on: loop))
            try one.send([1])
            SocketPair.close(theirs)
            try loop.run(until: "the end comes") { one.recorder.hasEnded }
            #expect(one.recorder.end??.errno == ECONNRESET)
            one.stream.close()
        }
    }

    @Test("nothing is read while reading is stopped, and nothing is lost by it")
    func stopReading() throws {
        try withLoop { loop in
            let (one, other) = try RecordedStream.pair(on: loop)
            other.stream.stopReading()
            try one.send([1, 2])
            var turns = 0
            let pause = Timer(on: loop) { turns += 1 }
            pause.start(milliseconds: 0, repeating: 1)
            try loop.run(until: "some turns have passed") { turns == 3 }
            #expect(other.recorder.received == [])
            other.stream.startReading()
            try loop.run(until: "the bytes come") { other.recorder.received == [1, 2] }
            pause.close()
            one.stream.close()
            other.stream.close()
        }
    }

    @Test("what the kernel does not take at once is sent later, and its end is told")
    func sendsRest() throws {
        try withLoop { loop in
            let (one, other) = try RecordedStream.pair(on: loop)
            let bytes = pattern(Self.largeByteCount)
            try one.send(bytes)
            #expect(one.stream.queuedByteCount > 0)
            try one.send([9])
            try loop.run(until: "all bytes are read") {
                other.recorder.received.count == bytes.count + 1
            }
            #expect(other.recorder.received == bytes + [9])
            try loop.run(until: "the sender is told") { one.recorder.drainCount == 1 }
            #expect(one.stream.queuedByteCount == 0)
            one.stream.close()
            other.stream.close()
        }
    }

    @Test("a try to write takes a part, and nothing while writes are queued")
    func tryWrite() throws {
        try withLoop { loop in
            let (one, other) = try RecordedStream.pair(on: loop)
            let bytes = pattern(Self.largeByteCount)
            let taken = try bytes.withUnsafeBytes { try one.stream.tryWrite([IOBuffer($0)]) }
            #expect(taken > 0 && taken < bytes.count)
            try one.send([1])
            #expect(try [UInt8]([2]).withUnsafeBytes { try one.stream.tryWrite([IOBuffer($0)]) } == 0)
            try loop.run(until: "all is read") { other.recorder.received.count == taken + 1 }
            #expect(other.recorder.received == Array(bytes[..<taken]) + [1])
            one.stream.close()
            other.stream.close()
        }
    }

    @Test("a queued write begins after what was taken, wherever the pieces are cut", arguments: 0...9)
    func queuesRest(taken: Int) throws {
        try withLoop { loop in
            let (one, other) = try RecordedStream.pair(on: loop)
            let memory = Owned([1, 2, 3, 4, 5, 6, 7, 8, 9])
            let pieces = [0..<3, 3..<3, 3..<4, 4..<9].map { memory.buffer($0) }
            try one.stream.queue(pieces, after: taken, keeping: memory)
            try loop.run(until: "the rest is read") { other.recorder.received.count == 9 - taken }
            #expect(other.recorder.received == Array(memory.bytes[taken...]))
            one.stream.close()
            other.stream.close()
        }
    }

    /// Both ends of a TCP connection, the one that connected first.
    private func tcpPair(on loop: Loop) throws -> (RecordedStream, RecordedStream) {
        var taken: Stream?
        let descriptor = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        let port = try ListeningSocket.boundPort(descriptor)
        let listener = try Listener(descriptor: descriptor, isUnix: false, on: loop) { taken = try? $0.accept() }
        defer { listener.close() }
        var made: Stream?
        try Connector.connect(host: "127.0.0.1", port: port, on: loop) { made = try? $0.get() }
        try loop.run(until: "both ends are there") { taken != nil && made != nil }
        return (RecordedStream(try #require(made)), RecordedStream(try #require(taken)))
    }

    @Test("below its low water a TCP stream is not read, what has come is counted, and the end comes at once")
    func lowWater() throws {
        try withLoop { loop in
            let (one, other) = try tcpPair(on: loop)
            #expect(other.stream.unreadByteCount == 0)
            other.stream.setLowWater(1000)
            try one.send(pattern(999))
            var turns = 0
            let pause = Timer(on: loop) { turns += 1 }
            pause.start(milliseconds: 0, repeating: 1)
            try loop.run(until: "some turns have passed") { turns >= 20 && other.stream.unreadByteCount == 999 }
            #expect(other.recorder.received == [])
            try one.send([1])
            try loop.run(until: "enough is there") { other.recorder.received == pattern(999) + [1] }
            try one.send([2, 3])
            one.stream.shutdownWriting()
            try loop.run(until: "the end comes") { other.recorder.hasEnded }
            #expect(other.recorder.received == pattern(999) + [1, 2, 3])
            pause.close()
            one.stream.close()
            other.stream.close()
        }
    }

    @Test("with a low water of one again, each byte is read as it comes")
    func lowWaterIsTakenBack() throws {
        try withLoop { loop in
            let (one, other) = try tcpPair(on: loop)
            other.stream.setLowWater(.max)
            try one.send([1])
            other.stream.setLowWater(1)
            try loop.run(until: "what waited is read") { other.recorder.received == [1] }
            try one.send([2])
            try loop.run(until: "the next byte is read") { other.recorder.received == [1, 2] }
            one.stream.close()
            other.stream.close()
        }
    }

    @Test("a queued write keeps its memory until the kernel has taken all of it, and no longer")
    func keepsOwner() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let one = RecordedStream(try .adopt(ours, on: loop))
            weak var kept: Owned?
            do {
                let memory = Owned(pattern(Self.largeByteCount))
                kept = memory
                try one.stream.queue([memory.buffer(0..<memory.bytes.count)], after: 0, keeping: memory)
            }
            var turns = 0
            let pause = Timer(on: loop) { turns += 1 }
            pause.start(milliseconds: 0, repeating: 1)
            try loop.run(until: "some turns have passed") { turns == 3 }
            pause.close()
            #expect(kept != nil, "the peer has read nothing")
            let other = RecordedStream(try .adopt(theirs, on: loop))
            try loop.run(until: "the memory is let go") { kept == nil }
            try loop.run(until: "all is read") {
                other.recorder.received.count == Self.largeByteCount
            }
            #expect(other.recorder.received == pattern(Self.largeByteCount))
            one.stream.close()
            other.stream.close()
        }
    }

    @Test("closing drops what is queued, lets its memory go and reports nothing more")
    func closeWhileWriting() throws {
        try withLoop { loop in
            let (one, other) = try RecordedStream.pair(on: loop)
            weak var kept: Owned?
            do {
                let memory = Owned(pattern(Self.largeByteCount))
                kept = memory
                try one.stream.queue([memory.buffer(0..<memory.bytes.count)], after: 0, keeping: memory)
            }
            one.stream.close()
            one.stream.close()
            try loop.run(until: "the peer sees the end") { other.recorder.hasEnded }
            #expect(kept == nil)
            #expect(one.recorder.drainCount == 0 && one.recorder.writeErrors == [])
            #expect(!one.recorder.hasEnded)
            #expect(other.recorder.received.count < Self.largeByteCount)
            other.stream.close()
        }
    }

    @Test("a write to a peer that is gone throws when it is made, and is reported when it was queued")
    func writeToNobody() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let one = RecordedStream(try .adopt(ours, on: loop))
            one.stream.stopReading()
            try one.send(pattern(Self.largeByteCount))
            SocketPair.close(theirs)
            try loop.run(until: "the write fails") { !one.recorder.writeErrors.isEmpty }
            #expect(one.recorder.writeErrors.map(\.errno) == [EPIPE])
            let error = #expect(throws: UVError.self) { try one.send([1]) }
            #expect(error?.errno == EPIPE)
            one.stream.close()
        }
    }

    @Test("a stream keeps its owner alive, and lets it go when it is closed")
    func owner() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let stream = try Stream.adopt(ours, on: loop)
            weak var owner: Recorder?
            do {
                let recorder = Recorder()
                stream.setOwner(recorder)
                owner = recorder
            }
            #expect(owner != nil)
            stream.close()
            #expect(owner == nil)
            SocketPair.close(theirs)
        }
    }

    @Test("what is no socket cannot be adopted")
    func adoptsNothing() throws {
        try withLoop { loop in
            #expect(throws: UVError.self) { try Stream.adopt(-1, on: loop) }
        }
    }
}

/// Bytes at a fixed place.
private final class Owned {
    private let memory: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        memory = .allocate(byteCount: bytes.count, alignment: 1)
        memory.copyBytes(from: bytes)
    }

    deinit { memory.deallocate() }

    var bytes: [UInt8] { Array(memory) }

    func buffer(_ range: Range<Int>) -> IOBuffer {
        IOBuffer(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[range]))
    }
}
