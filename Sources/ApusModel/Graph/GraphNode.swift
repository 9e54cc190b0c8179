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

    /// `AttributeProto`: name 1, g 6, ints 8, strings 9, graphs 11. Lists may be packed or not.
    private mutating func readAttribute(
        _ attribute: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Malformed) {
        var name = ""
        var strings: [String] = []
        var integers: [Int64] = []
        try ProtobufReader.forEach(in: attribute) { field throws(ProtobufReader.Malformed) in
            switch (field.number, field.value) {
            case (1, _): name = field.value.text
            case (6, _), (11, _): hasSubgraph = true
            case (8, .varint(let value)): integers.append(Int64(bitPattern: value))
            case (8, .bytes(let packed)): integers += try ProtobufReader.packedIntegers(packed)
            case (9, _): strings.append(field.value.text)
            default: break
            }
        }
        if name == "classlabels_strings", !strings.isEmpty { labels = .strings(strings) }
        if name == "classlabels_int64s", !integers.isEmpty { labels = .integers(integers) }
    }
}
