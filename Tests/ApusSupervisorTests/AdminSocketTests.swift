import ApusLoop
import Foundation
import LoopTesting
import Testing

@testable import ApusSupervisor

@Suite("Admin socket")
struct AdminSocketTests {
    /// An admin socket that answers a line with itself in upper case, or a large answer to `large`.
    static let large = pattern(3 << 20)

    private func withSocket(_ body: (Loop, String) throws -> Void) throws {
        let folder = TemporaryFolder()
        folder.make()
        let path = "\(folder.path)/admin.sock"
        try withLoop { loop in
            let socket = try AdminSocket(path: path, on: loop) { line, reply in
                reply(line == "large" ? Self.large : Array("ok\n\(line.uppercased())\n".utf8))
            }
            try body(loop, path)
            socket.close()
            loop.runOnce()
        }
    }

    /// What the socket answers to some pieces of a request, until it closes.
    private func ask(_ pieces: [String], _ loop: Loop, _ path: String) throws -> [UInt8] {
        var client: RecordedStream?
        try Connector.connect(path: path, on: loop) { client = (try? $0.get()).map { RecordedStream($0) } }
        try loop.run(until: "it is connected") { client != nil }
        for piece in pieces {
            try client?.send(Array(piece.utf8))
            loop.runOnce()
        }
        try loop.run(until: "the answer ends") { client?.recorder.hasEnded == true }
        client?.stream.close()
        return client?.recorder.received ?? []
    }

    @Test("a line is answered, and the end follows", arguments: [
        ["status\n"], ["sta", "tus\n"], ["status\nand more"],
    ])
    func answers(_ pieces: [String]) throws {
        try withSocket { loop, path in
            let answer = try ask(pieces, loop, path)
            #expect(answer == Array("ok\nSTATUS\n".utf8))
        }
    }

    @Test("an answer that the kernel does not take at once arrives whole")
    func largeAnswer() throws {
        try withSocket { loop, path in
            let answer = try ask(["large\n"], loop, path)
            #expect(answer == Self.large)
        }
    }

    @Test("a line that does not end is refused with its limit")
    func longLine() throws {
        try withSocket { loop, path in
            let answer = try ask([String(repeating: "x", count: 300)], loop, path)
            #expect(String(decoding: answer, as: UTF8.self).hasPrefix("error the request line is longer than 256"))
        }
    }

    @Test("clients that say nothing, or leave, are closed with the socket")
    func silent() throws {
        try withSocket { loop, path in
            var clients: [ApusLoop.Stream] = []
            for _ in 0..<2 {
                try Connector.connect(path: path, on: loop) {
                    if case .success(let stream) = $0 { clients.append(stream) }
                }
            }
            try loop.run(until: "both are connected") { clients.count == 2 }
            clients[0].close()
            let answer = try ask(["status\n"], loop, path)
            #expect(answer == Array("ok\nSTATUS\n".utf8))
            clients[1].close()
        }
    }
}
