import ApusModel
import ApusWire
import Testing

@Suite("a model's baseline")
struct BaselineTests {
    static func golden(_ rows: String) throws -> [GoldenRow] {
        try Baseline(Array(#"{"format":"apus.baseline/1","golden":[\#(rows)]}"#.utf8)).golden
    }

    @Test("its digest is of the lines that name inputs and outputs")
    func digest() throws {
        let schema = ModelSchema(
            name: "m", version: 1, inputs: [TensorSpec(name: "X", elementType: .float32, shape: [nil, 4])],
            outputs: [
                TensorSpec(name: "label", elementType: .int64, shape: [nil]),
                TensorSpec(name: "p", elementType: .float32, shape: [nil, 2], labels: .integers([0, 1])),
            ], isBatchable: false, maxBatchRowCount: 1)
        // printf 'input\tX\tFP32\t2\ttensor\noutput\tlabel\tINT64\t1\ttensor\noutput\tp\tFP32\t2\tmap\n' | sha256sum
        let digest = "61092ff395d7fc795b9a9acdbc10ea4c974847b948549fa8c0418dba1f775990"
        #expect(schema.digest == digest)
        try Baseline(Array(#"{"format":"apus.baseline/1","schema_sha256":"\#(digest)"}"#.utf8)).check(schema)
        let other = try Baseline(Array(#"{"format":"apus.baseline/1","schema_sha256":"00"}"#.utf8))
        #expect(throws: SchemaError.self) { try other.check(schema) }
    }

    @Test("a model that answers the golden rows as the estimator did passes")
    func same() throws {
        let session = try TestEngine.small("identity_float")
        let rows = try Self.golden(
            #"{"inputs":{"x":[[1,null]]},"outputs":{"y":[[1.00005,null]]},"atol":1e-4},"#
                + #"{"inputs":{"x":[[3]]},"outputs":{"y":[[3]]}}"#)
        #expect(session.firstDifference(from: rows) == nil)
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let row: String
        let sentence: String
    }

    static let rows = [
        Row(testDescription: "another number", row: #"{"inputs":{"x":[[1,2]]},"outputs":{"y":[[1,2.5]]},"atol":0.01}"#,
            sentence: "output 'y' differs by 0.5; 0.01 is allowed"),
        Row(testDescription: "another count", row: #"{"inputs":{"x":[[1,2]]},"outputs":{"y":[[1]]}}"#,
            sentence: "output 'y' has 2 values where 1 were expected"),
        Row(testDescription: "an output that is not there", row: #"{"inputs":{"x":[[1]]},"outputs":{"z":[[1]]}}"#,
            sentence: "the model has no output 'z'"),
        Row(testDescription: "an input that is not there", row: #"{"inputs":{"w":[1]},"outputs":{}}"#,
            sentence: "it has no input 'x'"),
        Row(testDescription: "no tensor", row: #"{"inputs":{"x":[["a"]]},"outputs":{}}"#,
            sentence: "its input 'x' is no tensor of FP32 [-1,-1]"),
    ]

    @Test("a model that answers otherwise does not", arguments: rows)
    func different(_ row: Row) throws {
        let session = try TestEngine.small("identity_float")
        #expect(
            session.firstDifference(from: try Self.golden(row.row))
                == "baseline.json: golden row 1 of 1: \(row.sentence)")
    }

    @Test("another form is refused")
    func form() {
        #expect(throws: SchemaError("baseline.json", "its 'format' is not 'apus.baseline/1', the only one that is known")) {
            try Baseline(Array(#"{"format":"apus.baseline/2"}"#.utf8))
        }
        #expect(throws: SchemaError.self) { try Baseline(Array("{".utf8)) }
    }
}
