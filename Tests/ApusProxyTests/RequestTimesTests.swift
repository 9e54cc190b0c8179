import ApusLoop
import ApusWire
import Testing

@testable import ApusProxy

@Suite("Times and counts of requests")
struct RequestTimesTests {
    @Test("a request arrives with its last byte: a slow upload is no wait, but a part of the whole")
    func slowUpload() throws {
        try withProxy { proxy, workers in
            let client = try TestClient(proxy)
            try client.send(String(TestClient.infer.dropLast()))
            try proxy.run(milliseconds: 200)
            let lastByte = Loop.nanoseconds
            try client.send("}")
            let request = try proxy.nextRequest(at: workers[0])
            #expect(request.arrivedAt >= lastByte && request.arrivedAt <= Loop.nanoseconds)
            #expect(request.deadline == request.arrivedAt + 30_000_000_000)
            try workers[0].answer { $0.flags = .firstOfRun }
            try client.wait(forAnswers: 1)
            let wait = try #require(client.received.firstMatch(of: /queue;dur=([0-9.]+)/)).output.1
            let queue = try #require(proxy.metric("apus_queue_duration_seconds_sum{"))
            let total = try #require(proxy.metric("apus_request_duration_seconds_sum{"))
            #expect(Double(wait)! < 1000 * total - 150, "milliseconds")
            #expect(queue < total - 0.15 && total > 0.15)
        }
    }

    @Test("a request that got its 504 is not counted again when its worker answers; the run is")
    func lateAnswer() throws {
        var limits = ModelLimits()
        limits.requestMilliseconds = 30
        try withProxy(limits: limits) { proxy, workers in
            let client = try TestClient(proxy)
            try client.send(TestClient.infer)
            try proxy.nextRequest(at: workers[0])
            try client.wait(forAnswers: 1)
            #expect(client.statuses == [504])
            try workers[0].answer { $0.flags = .firstOfRun }
            try proxy.run(until: "the late answer is here") { proxy.process.requests.count == 0 }
            #expect(proxy.metric(#"apus_request_duration_seconds_count{"#) == 1)
            #expect(proxy.metric(#"apus_requests_total{model="m",version="1",protocol="v2",code="504"}"#) == 1)
            #expect(proxy.metric(#"apus_requests_total{model="m",version="1",protocol="v2",code="200"}"#) == nil)
            #expect(proxy.metric(#"apus_batch_rows_count{"#) == 1)
        }
    }
}
