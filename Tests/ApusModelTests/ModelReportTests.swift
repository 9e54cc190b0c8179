import ApusModel
import Testing

@Suite("Report on a model")
struct ModelReportTests {
    @Test("it shows what the file says, one fact a line")
    func described() throws {
        let session = try TestEngine.small("described")
        let lines = ModelReport(session, batching: session.proveBatching()).lines
        #expect(lines.dropLast() == [
            "model       \(session.path)",
            "input       x FP32 [-1,2]",
            "output      y FP32 [-1,2]",
            "batching    yes: rows give the same answers alone and together",
            "opset       ai.onnx 17",
            "opset       ai.onnx.ml 3",
            "ir version  8",
            "producer    maker 1.2",
            "domain      org.example",
            "version     3",
            "graph       the graph",
            "about       what it is for",
            "metadata    author = somebody",
            "metadata    note = ünïcode",
        ])
        #expect(lines.last?.hasPrefix("engine      ONNX Runtime 1.") == true)
    }

    @Test("classes are listed, and a model that is not batched says why")
    func classes() throws {
        let session = try TestEngine.small("zipmap_integers")
        let finding = BatchingFinding.answersDiffer(output: "probability", row: 1)
        let lines = ModelReport(session, batching: finding).lines
        #expect(lines.contains("output      probability FP32 [-1,2] classes: 7, -3"))
        #expect(lines.contains(
            "batching    no: output 'probability' of row 1 changes when rows are joined"))
    }
}
