import ApusWire
import Foundation
import Testing

@testable import ApusProxy

/// Every error that a proxy makes for a request to a model, in the shape of every protocol.
@Suite("Errors of the proxy's own")
struct ErrorTableTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let error: InferenceError
        let status: Int
        /// MLflow's and TorchServe's names for it.
        let code: String
        let exception: String
        var isRetried = false
    }

    static let rows = [
        Row(testDescription: "no such model", error: .unknownModel(name: "m"), status: 404,
            code: "RESOURCE_DOES_NOT_EXIST", exception: "ModelNotFoundException"),
        Row(testDescription: "no such version", error: .unknownVersion(name: "m", version: 2), status: 404,
            code: "RESOURCE_DOES_NOT_EXIST", exception: "ModelNotFoundException"),
        Row(testDescription: "no such label", error: .unknownLabel(name: "m", label: "l"), status: 404,
            code: "RESOURCE_DOES_NOT_EXIST", exception: "ModelNotFoundException"),
        Row(testDescription: "a body that is too long", error: .bodyTooLarge(limit: 1), status: 413,
            code: "INVALID_PARAMETER_VALUE", exception: "BadRequestException"),
        Row(testDescription: "a request over which two workers died before", error: .quarantined(model: "m"), status: 422,
            code: "INVALID_PARAMETER_VALUE", exception: "BadRequestException"),
        Row(testDescription: "a request over which two workers died", error: .poisonInput(model: "m"), status: 500,
            code: "INTERNAL_ERROR", exception: "InternalServerException"),
        Row(testDescription: "a full queue", error: .queueFull(capacity: 1), status: 503,
            code: "TEMPORARILY_UNAVAILABLE", exception: "ServiceUnavailableException", isRetried: true),
        Row(testDescription: "too long in the queue", error: .queueTimeout, status: 503,
            code: "TEMPORARILY_UNAVAILABLE", exception: "ServiceUnavailableException", isRetried: true),
        Row(testDescription: "no worker", error: .noWorker(model: "m"), status: 503,
            code: "TEMPORARILY_UNAVAILABLE", exception: "ServiceUnavailableException", isRetried: true),
        Row(testDescription: "too late", error: .deadlineExceeded(milliseconds: 1), status: 504,
            code: "DEADLINE_EXCEEDED", exception: "InternalServerException"),
    ]

    @Test("have the members and names of the path's protocol", arguments: rows, ServingProtocol.allCases)
    func shape(_ row: Row, _ serving: ServingProtocol) throws {
        let reply = Reply.error(row.error, serving)
        #expect(reply.status == row.status)
        #expect(reply.contentType == .json)
        #expect((reply.retryAfter != nil) == row.isRetried)
        let members = try #require(try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any])
        let sentence = row.error.description
        switch serving {
        case .mlflow:
            #expect(members as? [String: String] == ["error_code": row.code, "message": sentence])
        case .torchServe:
            #expect(Set(members.keys) == ["code", "type", "message"])
            #expect(members["code"] as? Int == row.status && members["type"] as? String == row.exception)
            #expect(members["message"] as? String == sentence)
        case .other, .openInference, .predict, .tensorFlowServing:
            #expect(members as? [String: String] == ["error": sentence])
        }
        let isSpaced = reply.body.starts(with: Array("{ \"error\": ".utf8))
        #expect(isSpaced == (serving == .tensorFlowServing))
    }
}
