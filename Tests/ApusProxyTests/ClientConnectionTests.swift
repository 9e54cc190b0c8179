import ApusLoop
import ApusWire
import Testing

@testable import ApusProxy

@Suite("Client connection")
struct ClientConnectionTests {
    static let live = PairedClient.request("GET", "/livez")

    @Test("what came whole before the client shut its side is answered, in its order; a part of a request is not")
    func halfClosed() throws {
        try RunningProxy.with { proxy in
            let client = try proxy.connect()
            try client.send(PairedClient.infer + Self.live + PairedClient.infer + Self.live + "GET /livez HT")
            let first = try proxy.nextRequest()
            client.shutdown()
            try proxy.run(milliseconds: 20)
            #expect(client.statuses == [])
            try proxy.worker.answer(first)
            let second = try proxy.nextRequest()
            #expect(client.statuses == [200, 200] && !client.hasEnded)
            try proxy.worker.answer(second)
            try client.waitForEnd()
            #expect(client.statuses == [200, 200, 200, 200])
        }
    }

    @Test("the last answer to a client that has shut its side says close")
    func lastAnswer() throws {
        try RunningProxy.with { proxy in
            let client = try proxy.connect()
            try client.send(PairedClient.infer + PairedClient.infer)
            let first = try proxy.nextRequest()
            client.shutdown()
            try proxy.run(milliseconds: 20)
            try proxy.worker.answer(first)
            try proxy.worker.answer(try proxy.nextRequest())
            try client.waitForEnd()
            #expect(client.statuses == [200, 200])
            let answers = client.received.split(separator: "{}")
            #expect(answers.map { $0.contains("connection: close") } == [false, true])
        }
    }

    @Test("what is pipelined behind a request that asks to close is thrown away")
    func pipelinedBehindClose() throws {
        try RunningProxy.with { proxy in
            let client = try proxy.connect()
            let last = PairedClient.request("GET", "/livez", fields: "Connection: close\r\n")
            try client.send(PairedClient.infer + last + Self.live)
            try proxy.worker.answer(try proxy.nextRequest())
            try client.waitForEnd()
            #expect(client.statuses == [200, 200])
            #expect(client.connection.phase == .lingering && client.connection.pending.count == 0)
        }
    }

    @Test("an answer to a client that has gone unseen ends its connection")
    func goneUnseen() throws {
        try RunningProxy.with { proxy in
            let client = try proxy.connect()
            try client.send(PairedClient.infer)
            let request = try proxy.nextRequest()
            client.shutdown()
            try proxy.run(milliseconds: 20)
            client.leave()  // after the end of what it sends nobody reads from it
            try proxy.worker.answer(request)
            try proxy.run(until: "the connection is closed") { client.connection.phase == .closed }
        }
    }
}
