/// A folder that holds one model, in one of three layouts.
struct ModelFolder {
    private let name: String
    private let path: String

    /// - Parameter path: its last component is the model's name, even if it is a link.
    init(_ path: String) {
        name = Folder.name(path)
        self.path = Folder.absolute(path)
    }

    /// - Throws: `noModel`, `ambiguous`, `notONNXFlavor`.
    func locate(name: String?) throws(RepositoryError) -> ModelLocation {
        let entries = try Folder.entries(path)
        let name = name ?? self.name
        if entries.contains("MLmodel") {
            let file = try MLmodelFile(Folder.join(path, "MLmodel")).onnxPath()
            return location(name, .mlflow, [.init(number: 1, path: file)])
        }
        let numbered = entries.compactMap { entry in Self.versionNumber(entry).map { (entry, $0) } }
        if !numbered.isEmpty { return try versions(name, numbered, entries) }
        guard let file = try Self.onnxFile(path) else { throw .noModel(folder: path, found: entries) }
        return location(name, .file, [.init(number: 1, path: file)])
    }

    private func versions(
        _ name: String, _ numbered: [(String, Int)], _ entries: [String]
    ) throws(RepositoryError) -> ModelLocation {
        var versions: [ModelLocation.Version] = []
        var incomplete: [String] = []
        for (entry, number) in numbered.sorted(by: { $0.1 < $1.1 }) {
            let folder = Folder.join(path, entry)
            if Folder.kind(folder) == .folder, let file = try Self.onnxFile(folder) {
                versions.append(.init(number: number, path: file))
            } else {
                incomplete.append(folder)
            }
        }
        guard !versions.isEmpty else { throw .noModel(folder: path, found: entries) }
        return location(name, .versions, versions, incomplete)
    }

    private func location(
        _ name: String, _ layout: ModelLocation.Layout, _ versions: [ModelLocation.Version],
        _ incomplete: [String] = []
    ) -> ModelLocation {
        ModelLocation(
            name: name, path: path, layout: layout, versions: versions, incomplete: incomplete)
    }

    /// The number of a version folder: digits without a leading zero, as Triton reads them.
    static func versionNumber(_ name: String) -> Int? {
        guard let first = name.utf8.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first),
            name.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(name)
    }

    /// `model.onnx`, or else the only ONNX file; nil if there is none.
    private static func onnxFile(_ folder: String) throws(RepositoryError) -> String? {
        let files = try Folder.entries(folder).filter {
            $0.hasSuffix(".onnx") && Folder.kind(Folder.join(folder, $0)) == .file
        }
        if files.contains("model.onnx") { return Folder.join(folder, "model.onnx") }
        guard files.count < 2 else { throw .ambiguous(folder: folder, found: files) }
        return files.first.map { Folder.join(folder, $0) }
    }
}
