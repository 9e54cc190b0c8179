/// A folder of models, each a file or a folder of its own: `--repository DIR`.
package struct ModelRepository {
    /// The models that were found, by name.
    package let models: [ModelLocation]
    private let path: String
    /// Entries that were passed over, and why: not models, or not usable.
    package let refused: [(path: String, error: RepositoryError)]

    /// - Throws: `missing`, `emptyRepository` when no entry is a model, `duplicateName` when a file and a
    ///   folder have the same name.
    package init(_ path: String) throws(RepositoryError) {
        let folder = Folder.absolute(path)
        let entries = try Folder.entries(path)
        var models: [ModelLocation] = []
        var refused: [(path: String, error: RepositoryError)] = []
        for entry in entries {
            let path = Folder.join(folder, entry)
            do {
                models.append(try Self.locate(path, entry))
            } catch {
                refused.append((path, error))
            }
        }
        guard !models.isEmpty else { throw .emptyRepository(folder: folder, found: entries) }
        models.sort { $0.name < $1.name }
        for (model, next) in zip(models, models.dropFirst()) where model.name == next.name {
            throw .duplicateName(model.name, paths: [model.path, next.path])
        }
        self.models = models
        self.path = path
        self.refused = refused
    }

    /// The entry that a model was found as, which may be a link.
    package func source(of model: ModelLocation) -> String {
        let folder = Folder.join(path, model.name)
        if case .missing = Folder.kind(folder) { return folder + ".onnx" }
        return folder
    }

    /// An entry is named as it stands in the folder, even `model.onnx`.
    private static func locate(_ path: String, _ entry: String) throws(RepositoryError) -> ModelLocation {
        let name = entry.hasSuffix(".onnx") ? String(entry.dropLast(5)) : entry
        return try ModelReference(name: name, path: path).locate()
    }
}
