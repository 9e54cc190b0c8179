/// The files that make up one model version: its ONNX file and what lies beside it.
///
/// The weights that an ONNX file keeps in files of their own are named in it, see `ExternalData`.
package struct ModelFiles: Equatable, Sendable {
    /// What may describe a model, beside its ONNX file or in the folder that the model was named by.
    package static let companions = [
        "MLmodel", "schema.yaml", "request.json", "serving_input_example.json", "input_example.json",
        "baseline.json",
    ]

    /// The ONNX file.
    package let model: String
    /// The folder that the model was named by; the ONNX file's own when it was named by file.
    package let folder: String

    /// - Parameter folder: empty for the ONNX file's own.
    package init(model: String, folder: String) {
        self.model = model
        self.folder = folder.isEmpty ? Folder.parent(model) : folder
    }

    /// The ONNX file's name, which its copy has too.
    package var modelName: String { Folder.name(model) }

    /// The files but for external weights, as they are now: where each lies, and its name in a copy of the whole. A
    /// companion beside the ONNX file wins over one in `folder`. The ONNX file is first, present or not.
    package var present: [(path: String, name: String)] {
        var files = [(path: model, name: modelName)]
        for name in Self.companions {
            let beside = Folder.join(Folder.parent(model), name)
            let above = Folder.join(folder, name)
            if let path = [beside, above].first(where: { Folder.kind($0) == .file }) {
                files.append((path, name))
            }
        }
        return files
    }

    /// Where a file of that name, relative to the ONNX file's folder, lies.
    package func path(besideModel name: String) -> String { Folder.join(Folder.parent(model), name) }
}
