/// A model as the user names it: `MODEL` or `NAME=MODEL`.
package struct ModelReference: Equatable, Sendable {
    /// Nil to take the name from the path.
    package let name: String?
    package let path: String

    package init(name: String?, path: String) {
        self.name = name
        self.path = path
    }

    /// Parses an argument. What is before the first `=` is a name unless it has a `/`; so a path with `=`
    /// in it is written with a `/` before that (`./a=b.onnx`).
    ///
    /// - Throws: `badName`.
    package init(argument: String) throws(RepositoryError) {
        guard let equals = argument.firstIndex(of: "="), !argument[..<equals].contains("/") else {
            self.init(name: nil, path: argument)
            return
        }
        let name = String(argument[..<equals])
        guard ModelName.isValid(name) else { throw .badName(name) }
        self.init(name: name, path: String(argument[argument.index(after: equals)...]))
    }

    /// Finds the files. The name, if none was given, is
    /// - the folder's name for a folder;
    /// - the file's name without `.onnx` for a file, except that `model.onnx`, the name that every tool
    ///   gives, stands for its folder, and in a version folder for the folder around that.
    ///
    /// A file, and a folder without numbers, is version 1; `iris/3/model.onnx` is version 3.
    package func locate() throws(RepositoryError) -> ModelLocation {
        let found: ModelLocation
        switch Folder.kind(path) {
        case .missing(let reason): throw .missing(path: path, reason: reason)
        case .other: throw .notONNX(path: path)
        case .folder: found = try ModelFolder(path).locate(name: name)
        case .file: found = try locateFile()
        }
        guard ModelName.isValid(found.name) else { throw .badName(found.name) }
        return found
    }

    private func locateFile() throws(RepositoryError) -> ModelLocation {
        guard path.hasSuffix(".onnx") else { throw .notONNX(path: path) }
        let file = Folder.name(path)
        let folder = Folder.parent(path)
        let isUnnamed = file == "model.onnx"
        let number = isUnnamed ? ModelFolder.versionNumber(Folder.name(folder)) : nil
        let own =
            switch (isUnnamed, number) {
            case (false, _): String(file.dropLast(".onnx".count))
            case (true, nil): Folder.name(folder)
            case (true, _): Folder.name(Folder.parent(Folder.absolute(folder)))
            }
        let absolute = Folder.join(Folder.absolute(folder), file)
        return ModelLocation(
            name: name ?? own, path: absolute, layout: .file,
            versions: [.init(number: number ?? 1, path: absolute)], incomplete: [])
    }
}
