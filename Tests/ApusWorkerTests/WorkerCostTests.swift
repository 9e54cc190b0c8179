import ApusWire
import Foundation
import Testing

@testable import ApusWorker

/// What a worker's turn costs by itself: from bytes in the socket to bytes in the socket. Says numbers, and
/// promises none; run it in release mode with APUS_MEASURE=1.
@Suite("Worker cost", .enabled(if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil))
struct WorkerCostTests {
    @Test("a turn's cost per request is told", arguments: ["iris", "forest", "tabular", "mlp"], [1, 8, 32])
    func cost(name: String, groupSize: Int) throws {
        let (ours, theirs) = try Socket.pair()
        defer { close(ours) }
        let turn = Turn(try TestModel.load(name))
        let link = Link(Socket(owning: theirs), bodyByteLimit: 64 << 20)
        let (rows, _, columns) = try TestModel.rows(name)
        let group = try (0..<groupSize).flatMap { index in
            TestRequest(UInt64(index), try TestModel.body([rows[index % rows.count]], columns: columns)).bytes
        }
        var answers = [UInt8](repeating: 0, count: 1 << 20)
        var spent: [UInt64] = []
        for _ in 0..<(20_000 / groupSize) {
            _ = group.withUnsafeBytes { Glibc.send(ours, $0.baseAddress, $0.count, 0) }
            let began = MonotonicClock.now()
            try serve(turn, link)
            spent.append(MonotonicClock.now() - began)
            #expect(recv(ours, &answers, answers.count, 0) > groupSize * ResultFrame.byteCount)
        }
        let median = spent.sorted()[spent.count / 2] / UInt64(groupSize)
        print("worker turn, \(name), \(groupSize) requests: median \(median) ns a request")
    }

    private func serve(_ turn: Turn, _ link: Link) throws {
        var set = PollSet()
        set.add(link.socket.descriptor)
        _ = try set.wait()
        turn.begin()
        repeat {
            guard case .moved = link.inbox.receive(from: link.socket) else { return }
            while let (frame, body) = try link.inbox.next() { turn.admit(frame, body, from: link) }
        } while link.inbox.isFull
        turn.run(look: {})
    }
}
