import ApusModel
import ApusWire
import Foundation
import Logging

@testable import ApusWorker

/// The models that the tests serve.
enum TestModel {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// `APUS_ONNXRUNTIME`, else where deploy/onnxruntime.sh puts the library.
    static let libraryPath =
        ProcessInfo.processInfo.environment["APUS_ONNXRUNTIME"]
        ?? root + "/.build/onnxruntime/libonnxruntime.so.1.28.0"

    static func settings(_ name: String) -> TemplateSettings {
        TemplateSettings(
            name: name, version: 3, path: root + "/Tests/Fixtures/\(name).onnx",
            onnxRuntimePath: libraryPath, batching: .auto, nonfinite: .null, maxBatchRowCount: 64,
            maxDelayNanoseconds: 0, bodyByteLimit: 64 << 20)
    }

    /// Loaded as a template does, but for the self-test's child: `isBatchable` is what it would have found.
    static func load(
        _ name: String, isBatchable: Bool = true, change: (inout TemplateSettings) -> Void = { _ in }
    ) throws -> WorkerModel {
        var settings = settings(name)
        change(&settings)
        let session = try Session(OnnxRuntime.load(libraryPath), name: name, path: settings.path)
        let schema = ModelSchema(
            name: name, version: 3, inputs: session.inputs, outputs: session.outputs,
            isBatchable: isBatchable, maxBatchRowCount: settings.maxBatchRowCount)
        var log = Logger(label: "test")
        log.logLevel = .critical
        return WorkerModel(session: session, schema: schema, settings: settings, log: log)
    }

    /// A fixture's rows and scikit-learn's labels for them.
    static func rows(_ name: String) throws -> (rows: [[Any]], labels: [String], columns: [String]?) {
        let path = root + "/Tests/Fixtures/\(name).json"
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        guard let object = json as? [String: Any], let rows = object["rows"] as? [[Any]],
            let expected = object["expected"] as? [String: Any], let labels = expected["labels"] as? [Any]
        else { throw CocoaError(.fileReadCorruptFile) }
        return (rows, labels.map { "\($0)" }, object["columns"] as? [String])
    }

    /// A V2 request for those rows.
    static func body(
        _ rows: [[Any]], columns: [String]?, id: String? = nil, parameters: [String: Any]? = nil
    ) throws -> [UInt8] {
        let inputs: [[String: Any]]
        if let columns {
            inputs = columns.enumerated().map { index, name in
                let values = rows.map { $0[index] }
                let datatype = values.first is String ? "BYTES" : "FP32"
                return ["name": name, "shape": [rows.count, 1], "datatype": datatype, "data": values]
            }
        } else {
            let shape = [rows.count, rows.first?.count ?? 0]
            inputs = [["name": "X", "shape": shape, "datatype": "FP32", "data": rows.flatMap { $0 }]]
        }
        var request: [String: Any] = ["inputs": inputs]
        if let id { request["id"] = id }
        if let parameters { request["parameters"] = parameters }
        return try Array(JSONSerialization.data(withJSONObject: request, options: .sortedKeys))
    }
}
