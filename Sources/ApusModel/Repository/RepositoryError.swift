/// Why no model was found where one was named.
///
/// `description` is one sentence with what was found and what was expected. It names paths: it is for
/// the log and the terminal.
package enum RepositoryError: Error, Equatable, Sendable {
    case missing(path: String, reason: String)
    /// A file with another ending.
    case notONNX(path: String)
    /// A folder that holds no model in any layout we know.
    case noModel(folder: String, found: [String])
    /// A folder with several ONNX files and none called `model.onnx`.
    case ambiguous(folder: String, found: [String])
    /// An `MLmodel` file without a usable ONNX flavor.
    case notONNXFlavor(path: String, reason: String)
    case badName(String)
    case duplicateName(String, paths: [String])
    case emptyRepository(folder: String, found: [String])
}

extension RepositoryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let path, let reason):
            "there is no model at \(path) (\(reason)); name an .onnx file or a model folder"
        case .notONNX(let path):
            "\(path) is not an .onnx file or a folder; export the model to ONNX and name that file"
        case .noModel(let folder, let found):
            "\(folder) holds no model: found \(Self.list(found)); expected numbered version folders "
                + "(1/model.onnx), an MLmodel file, or one .onnx file"
        case .ambiguous(let folder, let found):
            "\(folder) holds several models (\(Self.list(found))); name one of the files, or call it "
                + "model.onnx"
        case .notONNXFlavor(let path, let reason):
            "\(path) cannot be served: \(reason); log the model with mlflow.onnx.log_model"
        case .badName(let name):
            "'\(name)' cannot name a model: a name has 1 to \(ModelName.limit) letters, digits, spaces "
                + "or ._- and does not begin with a dot; give another one as NAME=MODEL"
        case .duplicateName(let name, let paths):
            "'\(name)' is the name of several models (\(Self.list(paths))); rename one by NAME=MODEL"
        case .emptyRepository(let folder, let found):
            "\(folder) holds no models: found \(Self.list(found)); expected .onnx files or model folders"
        }
    }

    private static func list(_ names: [String]) -> String {
        if names.isEmpty { return "nothing" }
        let shown = names.prefix(10).joined(separator: ", ")
        return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
    }
}
