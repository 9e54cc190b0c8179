import ApusLoop
import ApusWire
import Testing

@testable import ApusProxy

@Suite("Client connection")
struct ClientConnectionTests {
    static let live = TestClient.request("GET", "/livez")

    @Test("what came whole before the client shut its side is answered, in its order; a part of a request is not")
    func halfClosed() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            try client.send(TestClient.infer + Self.live + TestClient.infer + Self.live + "GET /livez HT")
            try proxy.nextRequest(at: workers[0])
            client.shutdown()
            try proxy.run(milliseconds: 20)
            #expect(client.statuses == [])
            try workers[0].answer()
            try proxy.nextRequest(at: workers[0])
            #expect(client.statuses == [200, 200] && !client.hasEnded)
            try workers[0].answer()
            try client.waitForEnd()
            #expect(client.statuses == [200, 200, 200, 200])
        }
    }

    @Test("the last answer to a client that has shut its side says close")
    func lastAnswer() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            try client.send(TestClient.infer + TestClient.infer)
            try proxy.nextRequest(at: workers[0])
            client.shutdown()
            try proxy.run(milliseconds: 20)
            try workers[0].answer()
            try proxy.nextRequest(at: workers[0])
            try workers[0].answer()
            try client.waitForEnd()
            #expect(client.statuses == [200, 200])
            let answers = client.received.split(separator: "{}")
            #expect(answers.map { $0.contains("connection: close") } == [false, true])
        }
    }

    @Test("what is pipelined behind a request that asks to close is thrown away")
    func pipelinedBehindClose() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            let last = TestClient.request("GET", "/livez", fields: "Connection: close\r\n")
            try client.send(TestClient.infer + last + Self.live)
            try proxy.nextRequest(at: workers[0])
            try workers[0].answer()
            try client.waitForEnd()
            #expect(client.statuses == [200, 200])
            #expect(client.connection.phase == .lingering && client.connection.pending.count == 0)
        }
    }

    @Test("an answer to a client that has gone unseen ends its connection")
    func goneUnseen() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            try client.send(TestClient.infer)
            try proxy.nextRequest(at: workers[0])
            client.shutdown()
            try proxy.run(milliseconds: 20)
            client.leave()  // after the end of what it sends nobody reads from it
            try workers[0].answer()
            try proxy.run(until: "the connection is closed") { client.connection.phase == .closed }
        }
    }
}
