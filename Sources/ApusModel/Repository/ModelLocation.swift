/// Where a model's files are: what a `MODEL` argument stands for.
package struct ModelLocation: Equatable, Sendable {
    package struct Version: Equatable, Sendable {
        package let number: Int
        /// The ONNX file, absolute.
        package let path: String

        package init(number: Int, path: String) {
            self.number = number
            self.path = path
        }
    }

    package enum Layout: Equatable, Sendable {
        /// One ONNX file.
        case file
        /// A folder with numbered version folders, as TensorFlow Serving and Triton have it.
        case versions
        /// An MLflow model folder (MLmodel, ONNX flavor).
        case mlflow
    }

    /// The name it is served under.
    package var name: String
    /// The file or folder that was named, absolute.
    package let path: String
    package let layout: Layout
    /// By ascending number; at least one.
    package let versions: [Version]
    /// Version folders that were passed over, as they hold no model (yet).
    package let incomplete: [String]

    /// The version that is served unless another one is asked for: the highest.
    package var newest: Version { versions[versions.count - 1] }
}
