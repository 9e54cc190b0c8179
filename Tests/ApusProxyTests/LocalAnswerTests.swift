import ApusWire
import Foundation
import Testing

@testable import ApusProxy

@Suite("Answers of the proxy's own")
struct LocalAnswerTests {
    static let routes: [ModelRoute] = [
        .test("a \"quoted\" name", version: 2), .test("a \"quoted\" name", version: 10),
        .test("lost", state: .unavailable, reason: "it is not ONNX", description: nil),
    ]

    private func reply(
        _ endpoint: LocalEndpoint, _ routes: [ModelRoute] = routes, body: String = ""
    ) throws -> (Reply, Any) {
        let proxy = try IdleProxy(routes)
        let reply = proxy.process.reply(to: endpoint, body: Array(body.utf8))
        return (reply, try JSONSerialization.jsonObject(with: Data(reply.body), options: .fragmentsAllowed))
    }

    @Test("a proxy whose models have no worker lives and is not ready, and says when to ask again")
    func notReady() throws {
        let (live, _) = try reply(.live)
        #expect(live.status == 200)
        for endpoint in [LocalEndpoint.ready, .openInferenceReady] {
            let (reply, json) = try reply(endpoint)
            #expect(reply.status == 503 && reply.retryAfter == 1)
            #expect((json as? [String: Any])?["ready"] as? Bool == false)
            #expect((json as? [String: Any])?["live"] as? Bool == true)
        }
    }

    @Test("a proxy that was told to serve nothing is ready")
    func nothing() throws {
        let (empty, _) = try reply(.ready, [])
        #expect(empty.status == 200)
    }

    @Test("the models are named as they are, whatever is in their names")
    func names() throws {
        let (_, json) = try reply(.modelNames)
        #expect((json as? [String: [String]])?["models"] == ["a \"quoted\" name", "lost"])
    }

    @Test("the repository index has a row per version with state and reason; some only when they are ready")
    func index() throws {
        let (_, all) = try reply(.repositoryIndex)
        let rows = try #require(all as? [[String: String]])
        #expect(rows.map { $0["version"] } == ["10", "2", "1"])
        #expect(rows.map { $0["state"] } == ["READY", "READY", "UNAVAILABLE"])
        #expect(rows.last?["reason"] == "it is not ONNX")
        let (_, ready) = try reply(.repositoryIndex, body: "{ \"ready\" : true }")
        #expect((ready as? [[String: String]])?.count == 2)
    }

    @Test("a model's metadata lists its versions; one that is not loaded is 503 with Triton's words")
    func metadata() throws {
        let proxy = try IdleProxy(Self.routes)
        let entries = proxy.process.catalog.entries
        let known = proxy.process.reply(to: .modelMetadata(entries[0], entries[0].versions[0]), body: [])
        #expect(String(decoding: known.body, as: UTF8.self) == #"{"name":"m","versions":["2","10"],"platform":"p"}"#)
        for endpoint in [
            LocalEndpoint.modelMetadata(entries[1], entries[1].versions[0]),
            .modelConfig(entries[1].versions[0]),
        ] {
            let lost = proxy.process.reply(to: endpoint, body: [])
            #expect(lost.status == 503)
            #expect(String(decoding: lost.body, as: UTF8.self).contains("is not at ready state"))
        }
    }

    @Test("the OpenAPI document has the paths of every version that is loaded, and every reference has its end")
    func openAPI() throws {
        let routes: [ModelRoute] = [
            .test("m", version: 1), .test("m", version: 2),
            .test("lost", state: .unavailable, reason: "it is not ONNX", description: nil),
        ]
        let (found, json) = try reply(.openAPI, routes)
        let document = try #require(json as? [String: Any])
        let paths = try #require(document["paths"] as? [String: Any])
        for place in ["m", "m/versions/1", "m/versions/2"] {
            #expect(paths["/models/\(place)/predict"] != nil && paths["/v2/models/\(place)/infer"] != nil)
        }
        #expect(!paths.keys.contains { $0.contains("lost") })
        let components = try #require(document["components"] as? [String: [String: Any]])
        #expect(components["schemas"]?["m.1.Row"] != nil)
        let text = String(decoding: found.body, as: UTF8.self)
        for reference in text.matches(of: /#\/components\/([a-z]+)\/([^"]+)"/) {
            // The test's fragment has one schema only; those of its model are made where it is loaded.
            let key = String(reference.output.2)
            if key.hasPrefix("m.") { continue }
            #expect(components[String(reference.output.1)]?[key] != nil, "\(key)")
        }
    }

    @Test("the page is HTML")
    func page() throws {
        let found = try IdleProxy(Self.routes).process.reply(to: .page, body: [])
        #expect(found.status == 200 && found.contentType == .html)
        #expect(String(decoding: found.body, as: UTF8.self).hasPrefix("<!doctype html>"))
    }

    @Test("statistics have a row for each version that was asked for")
    func statistics() throws {
        let (_, json) = try reply(.statistics(nil))
        let rows = (json as? [String: [[String: Any]]])?["model_stats"]
        #expect(rows?.compactMap { $0["version"] as? String } == ["10", "2", "1"])
    }

    @Test("an error is written as the path's protocol writes it", arguments: [
        (ServingProtocol.openInference, #"{"error":"no"}"#), (.predict, #"{"error":"no"}"#),
        (.tensorFlowServing, #"{ "error": "no" }"#),
        (.mlflow, #"{"error_code":"TEMPORARILY_UNAVAILABLE","message":"no"}"#),
    ])
    func errors(shape: ServingProtocol, body: String) {
        let reply = Reply.error(503, "no", shape)
        #expect(String(decoding: reply.body, as: UTF8.self) == body)
        #expect(reply.retryAfter == 1)
        #expect(Reply.error(404, "no", shape).retryAfter == nil)
    }
}
