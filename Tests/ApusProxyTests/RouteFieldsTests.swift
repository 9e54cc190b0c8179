import ApusWire
import Testing

@testable import ApusProxy

@Suite("Routes by query and fields")
struct RouteFieldsTests {
    /// A request and where it leads, in the words of `RouterTests`.
    struct Row: CustomTestStringConvertible, Sendable {
        let target: String
        var fields = "Content-Type: application/json"
        let route: String

        var testDescription: String { "\(target) \(fields)" }
    }

    static func route(_ row: Row, _ settings: ProxySettings = ProxySettings(), _ method: String = "POST") throws -> String {
        let proxy = try IdleProxy(RouterTests.models)
        let text = "\(method) \(row.target) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\(row.fields)\r\n\r\n"
        return try Array(text.utf8).withUnsafeBytes { bytes in
            var scanned = 0
            guard case .head(let head) = try HTTPRequestHead.parse(bytes, scanned: &scanned, limits: HTTPLimits())
            else { return "incomplete" }
            let router = Router(
                catalog: proxy.process.catalog, defaultModel: "iris", method: head.method,
                fields: RouteFields(head, bytes), vertex: VertexRoutes(settings))
            return RouterTests.describe(try router.route(UnsafeRawBufferPointer(rebasing: bytes[head.path])))
        }
    }

    @Test("an invocation is of the model that the query or a field names, else of the default", arguments: [
        Row(target: "/invocations", route: "mlflow iris/3"),
        Row(target: "/invocations?model=stats", route: "mlflow stats/1"),
        Row(target: "/invocations?a=b&model=a%20b%2Fc&c", route: "mlflow a b/c/1"),
        Row(target: "/invocations?model=iris/1", route: "mlflow iris/1"),
        Row(target: "/invocations?model=iris/2", route: "404"), Row(target: "/invocations?model=none", route: "404"),
        Row(
            target: "/invocations", fields: "X-Apus-Model: iris/1\r\nContent-Type: text/csv",
            route: "mlflowCSV iris/1"),
        Row(
            target: "/invocations?model=stats", fields: "X-Apus-Model: iris/1\r\nContent-Type: text/csv",
            route: "mlflowCSV stats/1"),
        Row(target: "/models/iris/invocations", route: "mlflow iris/3"),
        Row(target: "/models/iris/versions/1/invocations", route: "mlflow iris/1"),
        Row(target: "/models/iris/versions/2/invocations", route: "404"),
        Row(target: "/models/iris/labels/new/invocations", route: "404"),
    ])
    func models(_ row: Row) throws { #expect(try Self.route(row) == row.route) }

    @Test("an invocation needs a Content-Type that is read", arguments: [
        Row(target: "/invocations", fields: "content-type: Application/JSON ; charset=UTF-8", route: "mlflow iris/3"),
        Row(target: "/invocations", fields: "content-type: text/csv;charset=\"utf-8\"", route: "mlflowCSV iris/3"),
        Row(target: "/invocations", fields: "a: b", route: "415"),
        Row(target: "/invocations", fields: "content-type: text/csv; charset=latin1", route: "415"),
        Row(target: "/invocations", fields: "content-type: text/csv; header=absent", route: "415"),
        Row(target: "/invocations", fields: "content-type: text/csv; charset", route: "415"),
        Row(target: "/invocations", fields: "content-type: application/x-www-form-urlencoded", route: "415"),
        Row(target: "/invocations", fields: "content-type: application/vnd.apache.parquet", route: "415"),
    ])
    func contentTypes(_ row: Row) throws { #expect(try Self.route(row) == row.route) }

    @Test("Vertex AI's routes lead to the default model, exactly where it says")
    func vertex() throws {
        var settings = ProxySettings()
        settings.predictRoute = "/v1/endpoints/1/deployedModels/2:predict"
        settings.healthRoute = "/v1/endpoints/1/deployedModels/2"
        let predict = Row(target: settings.predictRoute, route: "")
        let health = Row(target: settings.healthRoute, route: "")
        #expect(try Self.route(predict, settings) == "tensorFlowPredict iris/3")
        #expect(try Self.route(predict, settings, "GET") == "405 POST, OPTIONS")
        #expect(try Self.route(health, settings, "GET") == "ready")
        #expect(try Self.route(predict) == "404")
        #expect(try Self.route(Row(target: "/v1/endpoints", route: ""), settings) == "404")
    }
}
