/// An example request that lies beside a model's ONNX file. It proves that the model answers before it serves, and is
/// shown by the OpenAPI document and the page at `/docs`.
package enum ExampleFile: CaseIterable {
    /// A person's own, in the form of `/predict`.
    case own
    /// What MLflow writes for a model that is saved with an `input_example`, in the form of `/invocations`
    /// (mlflow, models/utils.py, `SERVING_INPUT_FILENAME`).
    case serving

    package var name: String {
        switch self {
        case .own: "request.json"
        case .serving: "serving_input_example.json"
        }
    }

    /// A person's is what may still be read; MLflow's may be an image or some thousand rows.
    private var byteCountLimit: Int {
        switch self {
        case .own: 64 << 10
        case .serving: 4 << 20
        }
    }

    /// - Parameter path: the ONNX file.
    /// - Returns: nil when there is none, or it cannot be read or is longer than 64 KiB, MLflow's than 4 MiB.
    package func read(besideModel path: String) -> [UInt8]? {
        Folder.text(Folder.join(Folder.parent(path), name), limit: byteCountLimit).map { Array($0.utf8) }
    }
}
