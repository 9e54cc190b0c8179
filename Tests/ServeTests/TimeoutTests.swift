import Foundation
import Testing

extension ServeTests {
    @Suite("Clients that are slow")
    struct TimeoutTests {
        /// Each is looked for ten times a second; a busy machine may be later.
        static let lateness = Duration.seconds(3)

        @Test("a client that says nothing, or nothing more, is let go after its time")
        func silent() throws {
            let server = try TestServer(
                Fixture.iris, "--workers", "1", "--first-byte-timeout", "300", "--idle-timeout", "700")
            let start = ContinuousClock.now
            let silent = try server.connect()
            let idle = try server.connect()
            #expect(try idle.ask("GET", "/livez").status == 200)
            try silent.expectEnd()
            #expect(ContinuousClock.now - start > .milliseconds(290))
            #expect(!idle.hasNews)
            try idle.expectEnd()
            let took = ContinuousClock.now - start
            #expect(took > .milliseconds(690) && took < .milliseconds(700) + Self.lateness, "\(took)")
            try server.stop()
        }

        @Test("a head that does not end in time is answered 408, however often a byte comes")
        func slowHead() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1", "--header-timeout", "400")
            let connection = try server.connect()
            try connection.send("GET /livez HTTP/1.1\r\nHost: test\r\nx")
            let start = ContinuousClock.now
            while !connection.waitForNews(within: .milliseconds(50)) {
                try connection.send("x")
                try #require(ContinuousClock.now - start < .milliseconds(400) + Self.lateness)
            }
            let answer = try connection.read()
            #expect(answer.status == 408)
            #expect(answer.fields["connection"] == "close")
            #expect(answer.error?.contains("400 ms") == true)
            #expect(answer.fields["x-request-id"]?.isEmpty == false)
            #expect(ContinuousClock.now - start > .milliseconds(390))
            try connection.expectEnd()
            try server.stop()
        }

        @Test("a body that comes too slowly is answered 408; one that keeps the rate is taken")
        func slowBody() throws {
            let server = try TestServer(
                Fixture.iris, "--workers", "1", "--body-grace", "300", "--min-body-rate", "20")
            let steady = try server.connect()
            let body = Array(Fixture.irisRow.utf8)
            let head = "POST /v2/models/iris/infer HTTP/1.1\r\nHost: test\r\nContent-Length: "
            try steady.send("\(head)\(body.count)\r\n\r\n")
            try steady.send(Array(body[..<60]))
            let slow = try server.connect()
            try slow.send("\(head)1000\r\n\r\n")
            let answer = try slow.read()
            #expect(answer.status == 408)
            #expect(answer.error?.contains("20 bytes a second") == true)
            try slow.expectEnd()
            try steady.send(Array(body[60...]))
            #expect(try steady.read().status == 200)
            try server.stop()
        }

        @Test("a client that does not take its answer is let go, and its place given to the next")
        func slowReader() throws {
            let model = "wide=\(Built.root)/Tests/Fixtures/small/identity_float.onnx"
            let server = try TestServer(
                model, "--workers", "1", "--write-timeout", "400", "--max-connections", "1")
            let reader = try server.connect()
            reader.receiveLittle()
            // More than the kernel keeps for a client that reads nothing.
            let count = 4 << 20
            try reader.sendWide(count)
            let start = ContinuousClock.now
            let next = try server.connect()
            #expect(try next.ask("GET", "/livez").status == 200)
            #expect(ContinuousClock.now - start > .milliseconds(390))
            #expect(reader.hasNews, "the answer had begun")
            try server.stop()
        }

        @Test("an answer to what was no request has an id of its own, and speaks for no model")
        func answerToNoRequest() throws {
            let server = try TestServer(Fixture.iris, "--workers", "1")
            let connection = try server.connect()
            try connection.request(
                "POST", "/v2/models/iris/infer", fields: ["X-Request-ID: mine"], body: Fixture.irisRow)
            let first = try connection.read()
            #expect(first.fields["x-request-id"] == "mine")
            #expect(first.fields["x-apus-model"] == "iris/1")
            try connection.send("nonsense\r\n\r\n")
            let second = try connection.read()
            #expect(second.status == 400)
            #expect(second.fields["x-request-id"]?.count == 16)
            #expect(second.fields["x-apus-model"] == nil)
            try server.stop()
        }
    }
}
