import ApusLoop
import ApusWire
import Glibc
import Testing

@testable import ApusProxy

@Suite("Connection timeouts")
struct ConnectionTimeoutsTests {
    /// Connections to a proxy that is not started, each with its client's end open.
    private func withConnections(
        _ count: Int, _ body: (ConnectionTimeouts, [ClientConnection], UInt64) throws -> Void
    ) throws {
        let proxy = try IdleProxy([])
        var clients: [CInt] = []
        let connections = try (0..<count).map { _ in
            let (ours, theirs) = try SocketPair.make()
            clients.append(theirs)
            return ClientConnection(try .adopt(ours, on: proxy.process.loop), proxy: proxy.process)
        }
        try body(proxy.process.timeouts, connections, proxy.process.loop.nowMilliseconds)
        for connection in connections { connection.close() }
        proxy.process.loop.run()
        for client in clients { close(client) }
    }

    @Test("a connection is let go when its time is up, not before, and others stay")
    func expires() throws {
        try withConnections(2) { timeouts, connections, now in
            timeouts.start(.idle, for: connections[1], at: now)
            timeouts.expire(at: now + 9_999)
            #expect(connections.allSatisfy { $0.phase != .closed })
            timeouts.expire(at: now + 10_000)
            #expect(connections[0].phase == .closed && connections[1].phase != .closed)
            timeouts.expire(at: now + 75_000)
            #expect(connections[1].phase == .closed)
        }
    }

    @Test("a wait that is begun again counts anew, and one that was stopped never ends")
    func restarts() throws {
        try withConnections(2) { timeouts, connections, now in
            timeouts.start(.firstByte, for: connections[0], at: now + 5_000)
            timeouts.stop(connections[1])
            timeouts.stop(connections[1])
            timeouts.expire(at: now + 14_999)
            #expect(connections.allSatisfy { $0.phase != .closed })
            timeouts.expire(at: now + 15_000)
            #expect(connections[0].phase == .closed && connections[1].phase != .closed)
        }
    }

    @Test("those that have been idle longest are named first, however they came and went")
    func oldest() throws {
        try withConnections(4) { timeouts, connections, now in
            for (index, connection) in connections.enumerated() {
                timeouts.start(.idle, for: connection, at: now + UInt64(index))
            }
            timeouts.stop(connections[1])
            timeouts.start(.idle, for: connections[0], at: now + 9)
            let found = timeouts.oldestIdle(2)
            #expect(found.count == 2 && found[0] === connections[2] && found[1] === connections[3])
            #expect(timeouts.oldestIdle(9).count == 3)
        }
    }
}
