import ApusWire

/// The part of a `NodeProto` that decides whether it is a ZipMap that can be cut off.
struct GraphNode {
    private(set) var inputs: [String] = []
    private(set) var outputs: [String] = []
    private(set) var operation = ""
    private(set) var domain = ""
    /// It has a subgraph, which may use any tensor of the graph without saying so.
    private(set) var hasSubgraph = false
    /// The classes of a ZipMap.
    private(set) var labels: ClassLabels?

    var isZipMap: Bool { operation == "ZipMap" && domain == "ai.onnx.ml" }

    init(proto: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        try ProtobufReader.forEach(in: proto) { field throws(ProtobufReader.Malformed) in
            switch field.number {
            case 1: inputs.append(field.value.text)
            case 2: outputs.append(field.value.text)
            case 4: operation = field.value.text
            case 5: try readAttribute(field.value.message())
            case 7: domain = field.value.text
            default: break
            }
        }
    }

    /// `AttributeProto`: name 1, g 6, ints 8, strings 9, graphs 11. A tree ensemble has lists of millions,
    /// so only those of labels are looked into.
    private mutating func readAttribute(
        _ attribute: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Malformed) {
        var name = ""
        try ProtobufReader.forEach(in: attribute) { field in
            if field.number == 1 { name = field.value.text }
            if field.number == 6 || field.number == 11 { hasSubgraph = true }
        }
        if name == "classlabels_strings" || name == "classlabels_int64s" { try readLabels(attribute) }
    }

    /// The list may be packed or not.
    private mutating func readLabels(
        _ attribute: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Malformed) {
        var strings: [String] = []
        var integers: [Int64] = []
        try ProtobufReader.forEach(in: attribute) { field throws(ProtobufReader.Malformed) in
            switch (field.number, field.value) {
            case (8, .varint(let value)): integers.append(Int64(bitPattern: value))
            case (8, .bytes(let packed)): integers += try ProtobufReader.packedIntegers(packed)
            case (9, _): strings.append(field.value.text)
            default: break
            }
        }
        if !strings.isEmpty { labels = .strings(strings) }
        if !integers.isEmpty { labels = .integers(integers) }
    }
}
