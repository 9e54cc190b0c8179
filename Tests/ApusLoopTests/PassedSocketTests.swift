import Glibc
import LoopTesting
import Testing

@testable import ApusLoop

@Suite("Passed sockets")
struct PassedSocketTests {
    @Test("a socket that comes with a byte can be used as if it had been made here")
    func takes() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let (passed, kept) = try SocketPair.make()
            let control = RecordedStream(try .adopt(ours, on: loop, receivesDescriptors: true))
            #expect(try control.stream.takePassedSocket(on: loop) == nil)
            #expect(send(passed, with: 7, over: theirs))
            SocketPair.close(passed)
            try loop.run(until: "the byte comes") { control.recorder.received == [7] }
            let taken = RecordedStream(try #require(try control.stream.takePassedSocket(on: loop)))
            #expect(try control.stream.takePassedSocket(on: loop) == nil)

            let far = RecordedStream(try .adopt(kept, on: loop))
            try far.send([1, 2])
            try loop.run(until: "it reads") { taken.recorder.received == [1, 2] }
            for stream in [control.stream, taken.stream, far.stream] { stream.close() }
            SocketPair.close(theirs)
        }
    }

    @Test("sockets that nobody took are closed with the stream that they came by")
    func closesRest() throws {
        try withLoop { loop in
            let (ours, theirs) = try SocketPair.make()
            let (passed, kept) = try SocketPair.make()
            let control = RecordedStream(try .adopt(ours, on: loop, receivesDescriptors: true))
            #expect(send(passed, with: 7, over: theirs))
            SocketPair.close(passed)
            try loop.run(until: "the byte comes") { control.recorder.received == [7] }
            control.stream.close()
            let far = RecordedStream(try .adopt(kept, on: loop))
            try loop.run(until: "the far end sees it closed") { far.recorder.hasEnded }
            far.stream.close()
            SocketPair.close(theirs)
        }
    }

    /// Sends a byte and a descriptor with it: sendmsg(2) with SCM_RIGHTS, see cmsg(3).
    private func send(_ descriptor: CInt, with byte: UInt8, over socket: CInt) -> Bool {
        var byte = byte
        // A cmsghdr of 16 bytes, then the descriptor, rounded up to 8.
        var control = [UInt64](repeating: 0, count: 3)
        return withUnsafeMutableBytes(of: &byte) { data in
            control.withUnsafeMutableBytes { control in
                control.storeBytes(of: 16 + 4, as: Int.self)
                control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: CInt.self)
                control.storeBytes(of: CInt(1), toByteOffset: 12, as: CInt.self)  // SCM_RIGHTS
                control.storeBytes(of: descriptor, toByteOffset: 16, as: CInt.self)
                return withMessage(data, control: control) { message in sendmsg(socket, &message, 0) == 1 }
            }
        }
    }
}
