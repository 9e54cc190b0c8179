import Yams

extension ModelInfo {
    /// Reads V2 metadata (Open Inference Protocol, "Model Metadata"); nil when this is none.
    package init?(openInference json: JSON, version: String?) {
        guard let name = json["name"]?.string, let inputs = ModelInfo.tensors(json["inputs"]),
            let outputs = ModelInfo.tensors(json["outputs"])
        else { return nil }
        self.init(
            name: name, version: version, inputs: inputs, outputs: outputs, source: .openInference)
    }

    private static func tensors(_ json: JSON?) -> [Tensor]? {
        guard let list = json?.array else { return nil }
        var tensors: [Tensor] = []
        for entry in list {
            guard let name = entry["name"]?.string,
                let datatype = entry["datatype"]?.string.flatMap(Datatype.init(rawValue:)),
                let shape = entry["shape"]?.array
            else { return nil }
            tensors.append(
                Tensor(name: name, datatype: datatype, shape: shape.map { $0.int ?? -1 }))
        }
        return tensors
    }

    /// Reads TensorFlow Serving's metadata, signature `serving_default`; nil when this is none.
    package init?(tensorFlow json: JSON, name: String, version: String?) {
        guard let signatures = json["metadata"]?["signature_def"]?["signature_def"],
            let signature = signatures["serving_default"] ?? signatures.members?.first?.value,
            let inputs = ModelInfo.tensorFlowTensors(signature["inputs"]),
            let outputs = ModelInfo.tensorFlowTensors(signature["outputs"])
        else { return nil }
        self.init(
            name: name, version: version, inputs: inputs, outputs: outputs, source: .tensorFlow)
    }

    private static func tensorFlowTensors(_ json: JSON?) -> [Tensor]? {
        guard let members = json?.members else { return nil }
        var tensors: [Tensor] = []
        for member in members {
            guard let datatype = member.value["dtype"]?.string.flatMap(Datatype.init(tensorFlow:))
            else { return nil }
            let dimensions = member.value["tensor_shape"]?["dim"]?.array ?? []
            let shape = dimensions.map { Int($0["size"]?.string ?? "") ?? $0["size"]?.int ?? -1 }
            tensors.append(Tensor(name: member.name, datatype: datatype, shape: shape))
        }
        return tensors
    }

    /// Reads the `signature` of an MLmodel file (YAML whose signature parts are JSON texts).
    /// - Throws: when the file is no MLmodel or has no signature.
    package init(mlmodel path: String, name: String) throws(UsageError) {
        let text = try TextFile.read(path)
        let signature: [String: Any]?
        do {
            signature =
                (try Yams.load(yaml: text) as? [String: Any])?["signature"] as? [String: Any]
        } catch {
            throw UsageError("\(path) is not YAML")
        }
        guard let signature, let inputs = ModelInfo.mlflowTensors(signature["inputs"]) else {
            throw UsageError("\(path) has no signature with inputs that loadtest can make")
        }
        let outputs = ModelInfo.mlflowTensors(signature["outputs"]) ?? []
        self.init(name: name, inputs: inputs, outputs: outputs, source: .mlmodel)
    }

    private static func mlflowTensors(_ value: Any?) -> [Tensor]? {
        guard let text = value as? String, let list = (try? JSON.parse(text))?.array else {
            return nil
        }
        var tensors: [Tensor] = []
        for (index, entry) in list.enumerated() {
            let name = entry["name"]?.string ?? "\(index)"
            let type = entry["type"]?.string ?? ""
            if type == "tensor" {
                guard let spec = entry["tensor-spec"],
                    let datatype = spec["dtype"]?.string.flatMap(Datatype.init(mlflow:)),
                    let shape = spec["shape"]?.array
                else { return nil }
                tensors.append(
                    Tensor(name: name, datatype: datatype, shape: shape.map { $0.int ?? -1 }))
            } else {
                guard let datatype = Datatype(mlflow: type) else { return nil }
                tensors.append(Tensor(name: name, datatype: datatype, shape: [-1, 1]))
            }
        }
        return tensors
    }
}
