/// The files in which an ONNX model keeps weights outside of itself (onnx repository, "ExternalData.md").
package enum ExternalData {
    /// Messages within messages that the engine's parser reads (protobuf.dev, "CodedInputStream": the recursion
    /// limit). A file that has more of them is refused by it.
    private static let depthLimit = 100

    /// Relative to the ONNX file's folder, sorted; empty for a file that cannot be read, is damaged or no ONNX
    /// file, which the engine will say better. Locations that lead out of the folder are left out: the engine
    /// refuses them.
    package static func locations(ofModel path: String) -> [String] {
        guard let file = try? ModelFile(path) else { return [] }
        var locations: Set<String> = []
        try? ProtobufReader.forEach(in: file.bytes) { field throws(ProtobufReader.Malformed) in
            if field.number == 7 { try readGraph(field.value.message(), depth: 1, &locations) }
        }
        return locations.filter(staysInside).sorted()
    }

    /// A `GraphProto`: initializers, sparse ones, and the graphs and tensors in its nodes' attributes.
    /// - Parameter depth: how many messages it is inside of.
    private static func readGraph(
        _ graph: UnsafeRawBufferPointer, depth: Int, _ locations: inout Set<String>
    ) throws(ProtobufReader.Malformed) {
        guard depth <= depthLimit else { throw ProtobufReader.Malformed() }
        try ProtobufReader.forEach(in: graph) { field throws(ProtobufReader.Malformed) in
            switch field.number {
            case 1: try readNode(field.value.message(), depth: depth + 1, &locations)
            case 5: try readTensor(field.value.message(), &locations)
            case 15: try readSparse(field.value.message(), &locations)
            default: break
            }
        }
    }

    private static func readNode(
        _ node: UnsafeRawBufferPointer, depth: Int, _ locations: inout Set<String>
    ) throws(ProtobufReader.Malformed) {
        try ProtobufReader.forEach(in: node) { field throws(ProtobufReader.Malformed) in
            guard field.number == 5 else { return }
            try ProtobufReader.forEach(in: field.value.message()) { part throws(ProtobufReader.Malformed) in
                switch part.number {
                case 5, 10: try readTensor(part.value.message(), &locations)
                case 6, 11: try readGraph(part.value.message(), depth: depth + 2, &locations)
                case 22, 23: try readSparse(part.value.message(), &locations)
                default: break
                }
            }
        }
    }

    /// A `SparseTensorProto`: two tensors.
    private static func readSparse(
        _ tensor: UnsafeRawBufferPointer, _ locations: inout Set<String>
    ) throws(ProtobufReader.Malformed) {
        try ProtobufReader.forEach(in: tensor) { field throws(ProtobufReader.Malformed) in
            if field.number <= 2 { try readTensor(field.value.message(), &locations) }
        }
    }

    /// A `TensorProto`, whose `external_data` (13) has an entry `location`.
    private static func readTensor(
        _ tensor: UnsafeRawBufferPointer, _ locations: inout Set<String>
    ) throws(ProtobufReader.Malformed) {
        try ProtobufReader.forEach(in: tensor) { field throws(ProtobufReader.Malformed) in
            guard field.number == 13 else { return }
            var key = "", value = ""
            try ProtobufReader.forEach(in: field.value.message()) { part in
                switch part.number {
                case 1: key = part.value.text
                case 2: value = part.value.text
                default: break
                }
            }
            if key == "location" { locations.insert(value) }
        }
    }

    private static func staysInside(_ location: String) -> Bool {
        !location.isEmpty && !location.hasPrefix("/") && !location.utf8.contains(0)
            && !location.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    }
}
