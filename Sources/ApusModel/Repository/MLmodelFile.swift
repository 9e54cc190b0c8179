/// MLflow's `MLmodel` file, of which we need one value: `flavors.onnx.data`, the ONNX file's path.
///
/// The file is YAML that MLflow itself writes in block style, so that value is read line by line: a key
/// `flavors:` at the margin, in it a key `onnx:`, in that a key `data:` with a plain or quoted value. A
/// file written otherwise (flow style, anchors) is refused, not misread.
struct MLmodelFile {
    /// MLmodel files with a signature and a resource list stay far below this.
    private static let byteCountLimit = 1 << 20

    private let path: String

    init(_ path: String) { self.path = path }

    /// The absolute path of the ONNX file.
    func onnxPath() throws(RepositoryError) -> String {
        guard let text = Folder.text(path, limit: Self.byteCountLimit) else {
            throw .notONNXFlavor(path: path, reason: "the file cannot be read or has more than 1 MiB")
        }
        guard let data = Self.onnxData(text) else {
            throw .notONNXFlavor(path: path, reason: "it has no flavors.onnx.data")
        }
        let components = data.split(separator: "/", omittingEmptySubsequences: false)
        guard !components.contains(".."), !data.hasPrefix("/"), !data.isEmpty else {
            throw .notONNXFlavor(path: path, reason: "its flavors.onnx.data leads out of the model's folder")
        }
        let file = Folder.join(Folder.parent(path), data)
        guard Folder.kind(file) == .file else {
            throw .notONNXFlavor(path: path, reason: "its flavors.onnx.data names \(data), which is no file")
        }
        return file
    }

    /// The value of `flavors.onnx.data`.
    static func onnxData(_ text: String) -> String? {
        var wanted = ["flavors", "onnx", "data"][...]
        // How deep the key is that we are in, and how deep its own keys are, once one was seen.
        var outer = -1
        var inner: Int? = 0
        for line in text.split(whereSeparator: \.isNewline) {
            let content = line.drop { $0 == " " }
            guard let first = content.first, first != "#", first != "-" else { continue }
            let indent = line.count - content.count
            if indent <= outer { return nil }  // the key ended without having had what we want
            let level = inner ?? indent
            inner = level
            guard indent == level, let key = wanted.first, content.hasPrefix(key + ":") else { continue }
            wanted = wanted.dropFirst()
            if wanted.isEmpty { return scalar(content) }
            (outer, inner) = (indent, nil)
        }
        return nil
    }

    private static func scalar(_ line: Substring) -> String? {
        let value = line[line.index(after: line.firstIndex(of: ":")!)...].drop { $0 == " " }
        if let quote = value.first, quote == "'" || quote == "\"" {
            let inner = value.dropFirst().prefix { $0 != quote }
            return inner.contains("\\") ? nil : String(inner)
        }
        var plain = value
        while plain.last == " " { plain.removeLast() }
        return plain.isEmpty || plain == "null" ? nil : String(plain)
    }
}
