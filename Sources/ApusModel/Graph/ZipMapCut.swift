import ApusWire

/// A model whose ZipMap nodes are cut off: the graph gives the matrix of scores itself.
///
/// scikit-learn's converter ends a classifier with ZipMap (onnx, "ai.onnx.ml.ZipMap-1"), which turns
/// each row of a float matrix into a map from label to score. Making and reading those maps costs more
/// than most classifiers, and no protocol carries them. So the output becomes the node's own input, and
/// the labels are kept beside it.
///
/// A node is left alone, and its maps are read at run time, when the graph also uses its input or
/// output otherwise or has subgraphs, whose uses cannot be seen here.
struct ZipMapCut {
    /// One output that was replaced.
    struct Output: Equatable {
        /// The model's own name for it, which clients use.
        let name: String
        /// The tensor that the graph now gives instead.
        let tensor: String
        let labels: ClassLabels
    }

    /// In the order of the graph's nodes.
    let outputs: [Output]
    /// The edited `ModelProto`.
    let modelProto: [UInt8]

    /// Nil when there is nothing to cut.
    init?(modelProto original: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        var found: [Output] = []
        try ProtobufReader.forEach(in: original) { field throws(ProtobufReader.Malformed) in
            if field.number == 7 { found = try Self.plan(graph: field.value.message()) }
        }
        guard !found.isEmpty else { return nil }
        outputs = found
        modelProto = try Self.edit(model: original, found)
    }

    // MARK: Finding

    private static func plan(
        graph: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Malformed) -> [Output] {
        var nodes: [GraphNode] = []
        var boundary: [String: Int] = [:]
        try ProtobufReader.forEach(in: graph) { field throws(ProtobufReader.Malformed) in
            switch field.number {
            case 1: nodes.append(try GraphNode(proto: field.value.message()))
            case 11, 12: boundary[try ValueInfo(proto: field.value.message()).name, default: 0] += 1
            default: break
            }
        }
        guard !nodes.contains(where: \.hasSubgraph) else { return [] }
        var uses: [String: Int] = [:]
        for node in nodes { for input in node.inputs { uses[input, default: 0] += 1 } }
        let planned = nodes.compactMap { node -> Output? in
            guard node.isZipMap, let labels = node.labels,
                let tensor = node.inputs.first, let name = node.outputs.first,
                boundary[tensor] == nil, boundary[name] == 1, uses[name] == nil
            else { return nil }
            return Output(name: name, tensor: tensor, labels: labels)
        }
        // Two outputs cannot be the same tensor.
        return Set(planned.map(\.tensor)).count == planned.count ? planned : []
    }

    // MARK: Editing

    private static func edit(
        model: UnsafeRawBufferPointer, _ cuts: [Output]
    ) throws(ProtobufReader.Malformed) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.reserve(model.count + 1024)
        try ProtobufReader.forEach(in: model) { field throws(ProtobufReader.Malformed) in
            if field.number == 7 {
                writer.append(7, message: try edit(graph: field.value.message(), cuts))
            } else {
                writer.append(field: UnsafeRawBufferPointer(rebasing: model[field.range]))
            }
        }
        return writer.bytes
    }

    private static func edit(
        graph: UnsafeRawBufferPointer, _ cuts: [Output]
    ) throws(ProtobufReader.Malformed) -> ProtobufWriter {
        var writer = ProtobufWriter()
        writer.reserve(graph.count + 1024)
        try ProtobufReader.forEach(in: graph) { field throws(ProtobufReader.Malformed) in
            let whole = UnsafeRawBufferPointer(rebasing: graph[field.range])
            switch field.number {
            case 1:
                let node = try GraphNode(proto: field.value.message())
                if !cuts.contains(where: { $0.name == node.outputs.first }) { writer.append(field: whole) }
            case 12:
                let name = try ValueInfo(proto: field.value.message()).name
                if let cut = cuts.first(where: { $0.name == name }) {
                    writer.append(12, message: floatOutput(cut.tensor))
                } else {
                    writer.append(field: whole)
                }
            // A `value_info` of the tensor would say twice what the output now says.
            case 13 where try cuts.contains(tensor: ValueInfo(proto: field.value.message()).name): break
            default: writer.append(field: whole)
            }
        }
        return writer
    }

    /// `ValueInfoProto` of a float tensor; the engine infers its shape.
    private static func floatOutput(_ name: String) -> ProtobufWriter {
        var tensor = ProtobufWriter()
        tensor.append(1, varint: 1)  // elem_type: FLOAT
        var type = ProtobufWriter()
        type.append(1, message: tensor)
        var output = ProtobufWriter()
        output.append(1, text: name)
        output.append(2, message: type)
        return output
    }
}

extension [ZipMapCut.Output] {
    fileprivate func contains(tensor: String) -> Bool { contains { $0.tensor == tensor } }
}
