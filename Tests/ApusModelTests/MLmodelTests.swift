import ApusModel
import Testing

@Suite("MLflow model folders")
struct MLmodelTests {
    static let usual = """
        artifact_path: model
        flavors:
          onnx:
            code: null
            data: model.onnx
            onnx_version: 1.16.0
            providers:
            - CUDAExecutionProvider
            - CPUExecutionProvider
          python_function:
            data: elsewhere
            loader_module: mlflow.onnx
        mlflow_version: 2.14.1
        signature:
          inputs: '[{"type": "double", "name": "data: x"}]'
        """

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let text: String
        /// The file below the folder; nil where the flavor is refused.
        let file: String?
    }

    static let rows = [
        Row(testDescription: "as MLflow writes it", text: usual, file: "model.onnx"),
        Row(testDescription: "Windows line ends",
            text: usual.split(separator: "\n").joined(separator: "\r\n"), file: "model.onnx"),
        Row(testDescription: "deeper, quoted, with comments", text: """
            # written by hand
            flavors:
                # the first
                onnx:
                    options:
                        data: not this
                    data: "deep/model.onnx"
            """, file: "deep/model.onnx"),
        Row(testDescription: "another flavor's data is not taken", text: """
            flavors:
              python_function:
                data: model.onnx
            """, file: nil),
        Row(testDescription: "a flavor inside of another one is none", text: """
            flavors:
              python_function:
                onnx:
                  data: model.onnx
            """, file: nil),
        Row(testDescription: "data after the flavor's end is not taken", text: """
            flavors:
              onnx:
                code: null
            data: model.onnx
            """, file: nil),
        Row(testDescription: "no data", text: "flavors:\n  onnx:\n    data: null\n", file: nil),
        Row(testDescription: "flow style", text: "flavors: {onnx: {data: model.onnx}}\n", file: nil),
        Row(testDescription: "a file that is not there", text: "flavors:\n  onnx:\n    data: no.onnx\n", file: nil),
        Row(testDescription: "out of the folder", text: "flavors:\n  onnx:\n    data: ../model.onnx\n", file: nil),
        Row(testDescription: "an absolute path", text: "flavors:\n  onnx:\n    data: /etc/passwd\n", file: nil),
        Row(testDescription: "nothing", text: "", file: nil),
    ]

    @Test("the ONNX flavor's file is found, or it says why not", arguments: rows)
    func locate(_ row: Row) throws {
        let folder = try TemporaryFolder()
        try folder.write("model.onnx")
        try folder.write("m/model.onnx")
        try folder.write("m/deep/model.onnx")
        try folder.write("m/MLmodel", text: row.text)
        let reference = ModelReference(name: nil, path: folder.path + "/m")
        guard let file = row.file else {
            let error = #expect(throws: RepositoryError.self) { try reference.locate() }
            guard case .notONNXFlavor(folder.path + "/m/MLmodel", _) = error else {
                Issue.record("another error: \(String(describing: error))")
                return
            }
            return
        }
        let found = try reference.locate()
        #expect(found.name == "m")
        #expect(found.layout == .mlflow)
        #expect(found.versions == [.init(number: 1, path: folder.path + "/m/" + file)])
    }
}
