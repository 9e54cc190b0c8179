import ApusWire
import Testing

@Suite("Error bodies")
struct ErrorShapeTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let shape: ErrorShape, status: Int, message: String, body: String
    }

    @Test("an error is written as its protocol writes it", arguments: [
        Row(
            testDescription: "V2", shape: .openInference, status: 404, message: "no model",
            body: #"{"error":"no model"}"#),
        Row(
            testDescription: "TensorFlow Serving", shape: .tensorFlowServing, status: 400, message: "no model",
            body: #"{ "error": "no model" }"#),
        Row(
            testDescription: "MLflow, a bad request", shape: .mlflow, status: 400, message: "no column",
            body: #"{"error_code":"BAD_REQUEST","message":"no column"}"#),
        Row(
            testDescription: "MLflow, no worker", shape: .mlflow, status: 503, message: "later",
            body: #"{"error_code":"TEMPORARILY_UNAVAILABLE","message":"later"}"#),
        Row(
            testDescription: "TorchServe", shape: .torchServe, status: 404, message: "no model",
            body: #"{"code":404,"type":"ModelNotFoundException","message":"no model"}"#),
        Row(
            testDescription: "quotes, backslashes, control characters", shape: .openInference, status: 400,
            message: "a \"b\" \\ \n \u{1} é", body: #"{"error":"a \"b\" \\ \n \u0001 é"}"#),
    ])
    func shapes(_ row: Row) {
        let body = row.shape.body(status: row.status, message: row.message)
        #expect(String(decoding: body, as: UTF8.self) == row.body)
    }
}
