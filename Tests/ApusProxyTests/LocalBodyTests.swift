import ApusWire
import Testing

@testable import ApusProxy

@Suite("Bodies of requests that no worker sees")
struct LocalBodyTests {
    static let limit = ClientConnection.localBodyByteLimit

    struct Row: CustomTestStringConvertible, Sendable {
        let method: String, path: String
        var byteCount = 1 << 30
        var status = 413

        var testDescription: String { "\(method) \(path), \(byteCount) bytes: \(status)" }
    }

    @Test(
        "one that is too long is refused at its head, with and without an expectation, and not read",
        arguments: [
            Row(method: "POST", path: "/v2/repository/index"),
            Row(method: "POST", path: "/v2/repository/index", byteCount: limit + 1),
            Row(method: "POST", path: "/v2/repository/models/m/load"),
            Row(method: "POST", path: "/v2/logging"),
            Row(method: "POST", path: "/v2/trace/setting"),
            Row(method: "GET", path: "/livez"),
            Row(method: "OPTIONS", path: "/livez"),
            Row(method: "POST", path: "/nowhere", status: 404),
            Row(method: "PUT", path: "/livez", status: 405),
        ], ["", "Expect: 100-continue\r\n"])
    func tooLong(_ row: Row, expectation: String) throws {
        try withProxy { proxy, _ in
            let client = try TestClient(proxy)
            try client.send(
                "\(row.method) \(row.path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(row.byteCount)\r\n\(expectation)\r\n")
            try client.waitForEnd()
            #expect(client.statuses == [row.status])
            #expect(client.received.contains("\r\nconnection: close\r\n"))
            guard row.status == 413 else { return }
            #expect(client.received.contains("\(Self.limit) bytes") && client.received.contains("\(row.byteCount)"))
        }
    }

    @Test("a chunked one that is too long gets what its head deserved, and the connection ends", arguments: [
        Row(method: "POST", path: "/v2/repository/index"), Row(method: "POST", path: "/nowhere", status: 404),
    ])
    func chunked(_ row: Row) throws {
        try withProxy { proxy, _ in
            let client = try TestClient(proxy)
            try client.send("\(row.method) \(row.path) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<2 { try client.send("9000\r\n" + String(repeating: " ", count: 0x9000) + "\r\n") }
            try client.waitForEnd()
            #expect(client.statuses == [row.status])
        }
    }

    @Test("a chunked one for a model that takes no request is read no further than others")
    func refusedModel() throws {
        var limits = ModelLimits()
        limits.queueCapacity = 0
        try withProxy(limits: limits) { proxy, _ in
            let client = try TestClient(proxy)
            try client.send("POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<2 { try client.send("9000\r\n" + String(repeating: " ", count: 0x9000) + "\r\n") }
            try client.waitForEnd()
            #expect(client.statuses == [503])
        }
    }

    @Test("the longest that is taken is taken whole")
    func longest() throws {
        try withProxy { proxy, _ in
            let client = try TestClient(proxy)
            let object = #"{"ready":true}"#
            let body = String(repeating: " ", count: Self.limit - object.utf8.count) + object
            try client.send(TestClient.request("POST", "/v2/repository/index", body: body))
            try client.wait(forAnswers: 1)
            #expect(client.statuses == [200] && client.received.contains("READY"))
        }
    }

    @Test("it counts among the bodies that are held, and nothing of it stays with the connection", arguments: [true, false])
    func memory(isAnswered: Bool) throws {
        try withProxy { proxy, _ in
            let client = try TestClient(proxy)
            let request = TestClient.request(
                "POST", "/v2/repository/index", body: String(repeating: " ", count: 60_000) + "{}")
            try client.send(String(request.dropLast(2)))
            try proxy.run(until: "the body is here") { proxy.process.bufferedByteCount == 60_000 }
            if isAnswered {
                try client.send("{}")
                try client.wait(forAnswers: 1)
                #expect(client.connection.phase == .between)
            } else {
                client.close()
            }
            #expect(client.connection.collected.capacity == 0)
            #expect(proxy.process.bufferedByteCount == 0)
        }
    }

    @Test("that of GET or HEAD has no meaning, and changes nothing", arguments: ["GET", "HEAD"])
    func get(method: String) throws {
        try withProxy { proxy, _ in
            let client = try TestClient(proxy)
            let body = #"{"log_verbose_level":1}"#
            try client.send(TestClient.request(method, "/v2/logging", body: body))
            try client.send(TestClient.request(method, "/v2/trace/setting", body: body))
            try client.send(TestClient.request(method, "/v2/models/m/trace/setting", body: "no JSON"))
            try client.wait(forAnswers: 3)
            #expect(client.statuses == [200, 200, 200])
            #expect(proxy.reports == [.ready], "no other proxy is told")
            try client.send(TestClient.request("POST", "/v2/logging", body: body))
            try proxy.run(until: "the supervisor is told") { proxy.reports.count > 1 }
        }
    }
}
