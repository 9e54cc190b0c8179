import ApusLoop
import ApusWire
import Testing

@testable import ApusProxy

@Suite("Client connection")
struct ClientConnectionTests {
    @Test("an answer to a client that has gone unseen ends its connection")
    func goneUnseen() throws {
        try RunningProxy.with { proxy in
            let client = try proxy.connect()
            try client.send(TestClient.infer)
            let request = try proxy.nextRequest()
            client.shutdown()
            try proxy.run(milliseconds: 20)
            client.leave()  // after the end of what it sends nobody reads from it
            try proxy.worker.answer(request)
            try proxy.run(until: "the connection is closed") { client.connection.phase == .closed }
        }
    }
}
