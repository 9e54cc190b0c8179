import ApusModel
import ApusWire
import Foundation
import Testing

@Suite("Real models")
struct FixtureModelTests {
    struct Document {
        let columns: [String]?
        let rows: [[Any]]
        let labels: [String]
        let probabilities: [[Double]]
        let classes: [String]

        init(_ model: String) throws {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: TestEngine.fixture(model + ".json")))
            let json = try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
            let expected = try #require(json["expected"] as? [String: Any])
            columns = json["columns"] as? [String]
            rows = try #require(json["rows"] as? [[Any]])
            labels = try #require(expected["labels"] as? [Any]).map { "\($0)" }
            probabilities = try #require(expected["probabilities"] as? [[Double]])
            classes = try #require(json["classes"] as? [Any]).map { "\($0)" }
        }

        /// The inputs for some of the rows: one matrix, or a column each.
        func inputs(_ range: Range<Int>, _ specs: [TensorSpec]) -> [OwnedTensor] {
            let rows = rows[range]
            guard let columns else {
                let values = rows.flatMap { $0.map { Float(($0 as! NSNumber).doubleValue) } }
                return [OwnedTensor(.float32, [rows.count, values.count / rows.count], values)]
            }
            return specs.map { spec in
                let column = columns.firstIndex(of: spec.name)!
                if spec.elementType == .string {
                    return OwnedTensor([rows.count, 1], strings: rows.map { $0[column] as! String })
                }
                let values = rows.map { Float(($0[column] as! NSNumber).doubleValue) }
                return OwnedTensor(.float32, [rows.count, 1], values)
            }
        }
    }

    @Test("every row gets scikit-learn's label exactly and its probabilities within 1e-5",
        arguments: ["iris", "tabular", "forest", "mlp"])
    func agrees(_ model: String) throws {
        let document = try Document(model)
        let session = try TestEngine.session(model + ".onnx")
        let count = document.rows.count
        let cuts = (0..<count).map { $0..<$0 + 1 } + [0..<count]
        for range in cuts {
            let answers = try session.answers(document.inputs(range, session.inputs))
            let labels = answers[0].elementType == .string
                ? answers[0].strings : answers[0].values(as: Int64.self).map(String.init)
            #expect(labels == Array(document.labels[range]))
            let wanted = document.probabilities[range].flatMap { $0 }
            let found = answers[1].values(as: Float.self)
            #expect(answers[1].shape == [range.count, document.classes.count])
            #expect(found.count == wanted.count)
            for (found, wanted) in zip(found, wanted) { #expect(abs(Double(found) - wanted) < 1e-5) }
        }
    }
}
