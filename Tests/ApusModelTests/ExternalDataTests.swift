import Foundation
import Testing

@testable import ApusModel

@Suite("Weights in files of their own")
struct ExternalDataTests {
    /// A model whose innermost graph, `depth` graphs below its own, has one tensor of weights in `file`.
    static func model(depth: Int, file: String) -> [UInt8] {
        var entry = ProtobufWriter()
        entry.append(1, text: "location")
        entry.append(2, text: file)
        var tensor = ProtobufWriter()
        tensor.append(13, message: entry)
        var graph = ProtobufWriter()
        graph.append(5, message: tensor)
        var model = ProtobufWriter()
        model.append(1, varint: 10)
        return model.bytes + nested(graph.bytes, depth: depth)
    }

    /// As field 7 of the model: the graph as an attribute of a node of a graph, and so on. Written from the end, as
    /// each length counts what is behind it.
    private static func nested(_ graph: [UInt8], depth: Int) -> [UInt8] {
        var reversed = Array(graph.reversed())
        func wrap(_ field: Int) {
            var head = ProtobufWriter()
            head.append(1, varint: reversed.count)
            reversed += head.bytes.dropFirst().reversed()
            reversed.append(UInt8(field << 3 | 2))
        }
        for _ in 0..<depth {
            wrap(6)  // AttributeProto.g
            wrap(5)  // NodeProto.attribute
            wrap(1)  // GraphProto.node
        }
        wrap(7)  // ModelProto.graph
        return reversed.reversed()
    }

    @Test("are found in graphs within graphs, as deep as the engine reads", arguments: [0, 1, 32])
    func found(_ depth: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("model.onnx", Self.model(depth: depth, file: "weights.bin"))
        #expect(ExternalData.locations(ofModel: path) == ["weights.bin"])
    }

    @Test("are not looked for deeper: the engine refuses such a model, and says so", arguments: [34, 100_000])
    func tooDeep(_ depth: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("model.onnx", Self.model(depth: depth, file: "weights.bin"))
        #expect(ExternalData.locations(ofModel: path) == [])
        let error = #expect(throws: EngineError.self) { try TestEngine.session(path: path) }
        #expect(
            error?.description == "\(path) is not an ONNX model (Failed to load model because protobuf parsing failed.); "
                + "export the model to ONNX and name that file")
    }
}
