import ApusWire

/// `baseline.json` beside a model: what it remembers of its training. Of this, what a new version must agree with
/// before it serves; the rest is for monitoring.
package struct Baseline: Equatable, Sendable {
    package static let fileName = "baseline.json"
    private static let format = "apus.baseline/1"
    /// Histograms of some thousand features.
    private static let byteCountLimit = 64 << 20

    /// The digest of the inputs and outputs of the model that it was made with, see `ModelSchema.digest`.
    package var schemaDigest: String?
    package var golden: [GoldenRow]

    /// - Returns: nil when there is none beside the ONNX file at `path`.
    /// - Throws: for a file of another form.
    package init?(besideModel path: String) throws(SchemaError) {
        let file = Folder.join(Folder.parent(path), Self.fileName)
        guard Folder.kind(file) == .file else { return nil }
        guard let text = Folder.text(file, limit: Self.byteCountLimit) else {
            throw SchemaError(Self.fileName, "it cannot be read, or has more than 64 MiB")
        }
        try self.init(Array(text.utf8))
    }

    /// - Parameter text: the file's content.
    package init(_ text: [UInt8]) throws(SchemaError) {
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONReader.read(text)
        } catch {
            throw SchemaError(Self.fileName, "byte \(error.offset) is no JSON: expected \(error.expected)")
        }
        guard root["format"] == .string(Self.format) else {
            throw SchemaError(Self.fileName, "its 'format' is not '\(Self.format)', the only one that is known")
        }
        if case .string(let digest)? = root["schema_sha256"] { schemaDigest = digest }
        golden = []
        guard let rows = root["golden"], rows != .null else { return }
        guard case .array(let list) = rows else { throw SchemaError(Self.fileName, "'golden' is no list") }
        for (index, row) in list.enumerated() { golden.append(try GoldenRow(row, index)) }
    }

    /// - Throws: when the model's inputs and outputs are not those that this was made with.
    package func check(_ schema: ModelSchema) throws(SchemaError) {
        guard let schemaDigest, schemaDigest.lowercased() != schema.digest else { return }
        throw SchemaError(
            Self.fileName,
            "it was made with a model of other inputs or outputs (its schema_sha256 is \(schemaDigest.prefix(12))…, the "
                + "model's \(schema.digest.prefix(12))…); export the model and its baseline together")
    }
}

/// One request with the answer that the trained estimator itself gave.
package struct GoldenRow: Equatable, Sendable {
    let inputs: [(name: String, value: JSONValue)]
    let outputs: [(name: String, value: JSONValue)]
    /// How far numbers may differ.
    let tolerance: Double

    fileprivate init(_ row: JSONValue, _ index: Int) throws(SchemaError) {
        guard case .object(let inputs)? = row["inputs"], case .object(let outputs)? = row["outputs"] else {
            throw SchemaError(Baseline.fileName, "golden row \(index + 1) has no 'inputs' and 'outputs'")
        }
        self.inputs = inputs
        self.outputs = outputs
        tolerance = row["atol"].flatMap(FeatureValue.init)?.number ?? 1e-4
    }

    package static func == (left: GoldenRow, right: GoldenRow) -> Bool {
        left.tolerance == right.tolerance && JSONValue.object(left.inputs) == .object(right.inputs)
            && JSONValue.object(left.outputs) == .object(right.outputs)
    }
}

extension ModelSchema {
    /// The SHA-256, in hexadecimal, of a line for each input and then each output, in order:
    ///
    ///     input\tNAME\tDATATYPE\tRANK\ttensor\n
    ///     output\tNAME\tDATATYPE\tRANK\tKIND\n
    ///
    /// The rank counts the dimension of the rows. The kind is `map` for a sequence of maps from class to number, of
    /// rank 2, else `tensor`.
    package var digest: String {
        func line(_ role: String, _ spec: TensorSpec) -> String {
            let kind = spec.labels == nil ? "tensor" : "map"
            return "\(role)\t\(spec.name)\t\(spec.elementType.datatype)\t\(spec.shape.count)\t\(kind)\n"
        }
        let text = inputs.map { line("input", $0) }.joined() + outputs.map { line("output", $0) }.joined()
        var digest = SHA256()
        Array(text.utf8).withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }
}
