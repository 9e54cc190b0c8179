import ApusModel
import ApusWire
import Testing

@testable import ApusModel

@Suite("Maps of class probabilities")
struct ZipMapTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let model: String
        let output: Int
        let labels: ClassLabels
        /// Read from the maps at run time, in the order of their keys.
        let isRead: Bool
        let scores: [Float]
    }

    /// The input is [[1, 2], [3, 4]]; all but one model negate it.
    static let rows = [
        Row(testDescription: "a ZipMap with strings is cut off", model: "zipmap", output: 0,
            labels: .strings(["no", "yes"]), isRead: false, scores: [-1, -2, -3, -4]),
        Row(testDescription: "integer labels keep the graph's order", model: "zipmap_integers", output: 0,
            labels: .integers([7, -3]), isRead: false, scores: [-1, -2, -3, -4]),
        Row(testDescription: "scores that are an input cannot be cut off", model: "zipmap_of_input",
            output: 0, labels: .strings(["no", "yes"]), isRead: true, scores: [1, 2, 3, 4]),
        Row(testDescription: "scores that are an output, too", model: "zipmap_of_output", output: 1,
            labels: .integers([-3, 7]), isRead: true, scores: [-1, -2, -3, -4]),
    ]

    @Test("the output is a matrix with labels under the model's own name", arguments: rows)
    func matrix(_ row: Row) throws {
        let session = try TestEngine.small(row.model)
        #expect(session.outputs[row.output] == TensorSpec(
            name: "probability", elementType: .float32, shape: [nil, 2], labels: row.labels))
        #expect(session.mapOutputs[row.output] == row.isRead)
        let answers = try session.answers([OwnedTensor(.float32, [2, 2], [1, 2, 3, 4] as [Float])])
        #expect(answers[row.output] == OwnedTensor(.float32, [2, 2], row.scores))
        let one = try session.answers([OwnedTensor(.float32, [1, 2], [1, 2] as [Float])])
        #expect(one[row.output] == OwnedTensor(.float32, [1, 2], Array(row.scores[..<2])))
    }

    @Test("no rows are a matrix of no rows", arguments: rows)
    func noRows(_ row: Row) throws {
        let session = try TestEngine.small(row.model)
        let answers = try session.answers([OwnedTensor(.float32, [0, 2], bytes: [])])
        #expect(answers[row.output] == OwnedTensor(.float32, [0, 2], bytes: []))
    }

    @Test("a model that keeps its weights in another file can have its ZipMap cut off")
    func external() throws {
        let session = try TestEngine.small("external_zipmap")
        #expect(session.outputs[0].labels == .strings(["no", "yes"]))
        #expect(!session.mapOutputs[0])
        let answers = try session.answers([OwnedTensor(.float32, [1, 2], [1, 2] as [Float])])
        #expect(answers == [OwnedTensor(.float32, [1, 2], [11, 22] as [Float])])
    }

    @Test("scikit-learn's own classifier is cut, not read")
    func tabular() throws {
        let session = try TestEngine.session("tabular.onnx")
        #expect(session.outputs[1].labels == .strings(["lost", "survived"]))
        #expect(session.outputs[1].shape == [nil, 2])
        #expect(session.mapOutputs == [false, false])
    }
}
