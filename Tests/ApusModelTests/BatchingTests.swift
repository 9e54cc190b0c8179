import ApusModel
import ApusWire
import Testing

@Suite("Batching")
struct BatchingTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let model: String
        let isVerdict: @Sendable (BatchingFinding) -> Bool
    }

    static func differ(_ finding: BatchingFinding) -> Bool {
        if case .answersDiffer(output: "y", _) = finding { true } else { false }
    }

    static let rows = [
        Row(testDescription: "rows that know nothing of one another", model: "small/rows_independent") {
            $0 == .batchable
        },
        Row(testDescription: "strings", model: "small/identity_string") { $0 == .batchable },
        Row(testDescription: "booleans", model: "small/identity_bool") { $0 == .batchable },
        Row(testDescription: "several inputs", model: "small/several") { $0 == .batchable },
        Row(testDescription: "maps read at run time", model: "small/zipmap_of_input") { $0 == .batchable },
        Row(testDescription: "iris", model: "iris") { $0 == .batchable },
        Row(testDescription: "tabular", model: "tabular") { $0 == .batchable },
        Row(testDescription: "forest", model: "forest") { $0 == .batchable },
        Row(testDescription: "mlp", model: "mlp") { $0 == .batchable },
        Row(testDescription: "a sequence in the first dimension", model: "small/rows_are_a_sequence",
            isVerdict: differ),
        Row(testDescription: "the mean over the batch", model: "small/rows_are_compared", isVerdict: differ),
        Row(testDescription: "the batch turned round", model: "small/rows_reversed", isVerdict: differ),
        Row(testDescription: "the largest row only", model: "small/rows_sorted") {
            $0 == .otherRowCount(output: "y", found: [1, 1], rowCount: 2)
        },
        Row(testDescription: "a run that fails with two rows", model: "small/one_row_only") {
            if case .runFailed(rowCount: 2, _) = $0 { true } else { false }
        },
        Row(testDescription: "a sum over the batch", model: "small/rows_are_summed") {
            $0 == .fixedFirstDimension(.output, name: "y")
        },
        Row(testDescription: "rows that become columns", model: "small/rows_become_columns") {
            $0 == .fixedFirstDimension(.output, name: "y")
        },
        Row(testDescription: "a fixed input", model: "small/fixed") {
            $0 == .fixedFirstDimension(.input, name: "x")
        },
        Row(testDescription: "a scalar", model: "small/scalar") {
            $0 == .fixedFirstDimension(.input, name: "x")
        },
        Row(testDescription: "no input at all", model: "small/no_inputs") { $0 == .noInputs },
    ]

    @Test("a trial tells which models may have rows joined", arguments: rows)
    func verdict(_ row: Row) throws {
        let finding = try TestEngine.session(row.model + ".onnx").proveBatching()
        #expect(row.isVerdict(finding), "\(finding)")
    }

    @Test("an example fits the model and differs from row to row")
    func example() throws {
        let session = try TestEngine.small("several")
        let example = ExampleInput(session.inputs, rowCount: 3)
        let tensors = example.withViews { $0.map { OwnedTensor($0) } }
        #expect(tensors.map(\.shape) == [[3, 2], [3], [3, 1]])
        #expect(Set(tensors[0].values(as: SIMD2<Float>.self)).count == 3)
        #expect(try session.answers(tensors).map(\.shape) == tensors.map(\.shape))
    }
}
