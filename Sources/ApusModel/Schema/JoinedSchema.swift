import ApusWire

/// Turns YAML into a value. Whoever starts a process that loads models gives it one, as the parser is not ours.
package typealias YAMLParser = (String) throws(YAMLFault) -> JSONValue

/// Why a text is no YAML that we take. The sentence does not name the file.
package struct YAMLFault: Error, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// The features of a model: its graph joined with what the files beside it declare.
package struct JoinedSchema: Equatable, Sendable {
    package var features: [FeatureSpec]
    package var parameters: [ParameterSpec] = []
    /// The files that were joined; empty when the graph alone counts.
    package var sources: [String] = []
    /// Why the signature in `MLmodel` does not count, if so: a sentence for the log.
    package var warning: String?

    /// Bytes of an `MLmodel` or a `schema.yaml`.
    private static let byteCountLimit = 1 << 20

    /// What the graph alone says.
    package init(_ inputs: [TensorSpec]) { features = FeatureSpec.whole(inputs) }

    /// Reads `schema.yaml` and `MLmodel` in the folder of the ONNX file. What `schema.yaml` says of an input or column
    /// takes the place of what the signature says.
    ///
    /// A signature that does not fit the graph is left out with a warning, since MLflow logs models without looking;
    /// a `schema.yaml` was written for this server, so it has to be right.
    /// - Parameter path: the ONNX file.
    package init(
        besideModel path: String, inputs: [TensorSpec], yaml: YAMLParser
    ) throws(SchemaError) {
        self.init(inputs)
        var signature: DeclaredSchema?
        do throws(SchemaError) {
            if let root = try Self.document(DeclaredSchema.modelFileName, besideModel: path, yaml) {
                signature = try DeclaredSchema(mlmodel: root)
            }
            if let signature { try join(signature, inputs) }
        } catch {
            warning = "the model is served by its graph alone: \(error)"
            signature = nil
        }
        guard let root = try Self.document(DeclaredSchema.fileName, besideModel: path, yaml) else { return }
        try join(try DeclaredSchema(file: root).completed(by: signature), inputs)
    }

    private mutating func join(_ declared: DeclaredSchema, _ inputs: [TensorSpec]) throws(SchemaError) {
        features = try declared.features(of: inputs)
        parameters = declared.parameters
        sources.append(declared.source)
    }

    private static func document(
        _ name: String, besideModel path: String, _ yaml: YAMLParser
    ) throws(SchemaError) -> JSONValue? {
        let file = Folder.join(Folder.parent(path), name)
        guard Folder.kind(file) == .file else { return nil }
        guard let text = Folder.text(file, limit: byteCountLimit) else {
            throw SchemaError(name, "it cannot be read, or has more than 1 MiB")
        }
        do throws(YAMLFault) {
            return try yaml(text)
        } catch {
            throw SchemaError(name, error.description)
        }
    }
}

extension DeclaredSchema {
    /// With the types, and the duty to be there, that a signature gives to features of the same names.
    func completed(by signature: DeclaredSchema?) -> DeclaredSchema {
        guard let signature else { return self }
        var whole = self
        for index in whole.features.indices {
            guard let own = signature.features.first(where: { $0.name == whole.features[index].name }) else { continue }
            if whole.features[index].elementType == nil {
                whole.features[index].elementType = own.elementType
                whole.features[index].isBase64 = own.isBase64
            }
            whole.features[index].isRequired = whole.features[index].isRequired && own.isRequired
        }
        whole.parameters = signature.parameters
        return whole
    }
}
