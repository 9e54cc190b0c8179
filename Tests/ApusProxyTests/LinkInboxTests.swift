import ApusWire
import Testing

@testable import ApusProxy

@Suite("Link inbox")
struct LinkInboxTests {
    /// Three answers, the second larger than the scratch memory of these tests.
    static let answers: [(id: UInt64, body: [UInt8])] = [
        (1, Array("{}".utf8)), (2, (0..<300).map { UInt8(truncatingIfNeeded: $0) }), (3, []),
    ]

    static var wire: [UInt8] {
        answers.flatMap { answer in
            var head = [UInt8](repeating: 0, count: ResultFrame.byteCount)
            head.withUnsafeMutableBytes {
                ResultFrame(
                    requestID: answer.id, bodyByteCount: UInt32(answer.body.count), status: 200
                ).encode(into: $0.baseAddress!)
            }
            return head + answer.body
        }
    }

    /// Feeds `pieces` as a socket would: into the room that the inbox gives, as much as fits.
    static func read(
        _ pieces: [ArraySlice<UInt8>], scratchByteCount: Int
    ) throws(FrameError) -> [(UInt64, [UInt8])] {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: scratchByteCount, alignment: 64)
        defer { scratch.deallocate() }
        var inbox = LinkInbox()
        var found: [(UInt64, [UInt8])] = []
        for piece in pieces {
            var rest = piece
            while !rest.isEmpty {
                let room = inbox.room(scratch: scratch)
                let count = min(room.count, rest.count)
                room.copyBytes(from: rest.prefix(count))
                rest = rest.dropFirst(count)
                try inbox.take(UnsafeRawBufferPointer(rebasing: room[..<count])) {
                    (header, frame) throws(FrameError) in
                    found.append((header.requestID, Array(frame[ResultFrame.byteCount...])))
                }
            }
        }
        return found
    }

    static func expectAnswers(_ found: [(UInt64, [UInt8])], _ comment: Comment) {
        #expect(found.map(\.0) == answers.map(\.id), comment)
        #expect(found.map(\.1) == answers.map(\.body), comment)
    }

    @Test("wherever the stream is cut, each frame comes out once and whole", arguments: [64, 200, 4096])
    func everyCut(scratchByteCount: Int) throws {
        let wire = Self.wire
        for cut in 0...wire.count {
            let found = try Self.read([wire[..<cut], wire[cut...]], scratchByteCount: scratchByteCount)
            Self.expectAnswers(found, "cut \(cut)")
        }
    }

    @Test("byte by byte it is the same")
    func byteByByte() throws {
        let wire = Self.wire
        let found = try Self.read(wire.indices.map { wire[$0...$0] }, scratchByteCount: 64)
        Self.expectAnswers(found, "byte by byte")
    }

    @Test("garbage is an error, at the front or behind a whole frame")
    func garbage() {
        let nonsense = [UInt8](repeating: 0x58, count: FrameHeader.byteCount)
        for wire in [nonsense, Self.wire + nonsense] {
            #expect(throws: FrameError.badMagic(0x5858_5858)) {
                try Self.read([wire[...]], scratchByteCount: 4096)
            }
        }
    }

    @Test("a frame that announces more than an answer can have is refused before memory is made for it")
    func tooLarge() {
        var wire = Self.wire
        wire.replaceSubrange(20..<24, with: [0xff, 0xff, 0xff, 0xff])
        #expect(throws: FrameError.bodyTooLarge(byteCount: .max, limit: LinkInbox.bodyByteLimit)) {
            try Self.read([wire[..<24]], scratchByteCount: 4096)
        }
    }
}
