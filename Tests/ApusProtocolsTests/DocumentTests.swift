import ApusProtocols
import ApusWire
import Foundation
import Testing

@Suite("Documents")
struct DocumentTests {
    static let documents = ModelDocuments(.iris, ModelDocuments.Facts(workerCount: 2, maxDelayMicroseconds: 500))

    @Test("the metadata names the versions as strings and open dimensions as -1")
    func metadata() {
        let text = String(decoding: Self.documents.metadata(versions: [1, 3]), as: UTF8.self)
        #expect(
            text == #"{"name":"iris","versions":["1","3"],"platform":"onnxruntime_onnx","#
                + #""inputs":[{"name":"X","datatype":"FP32","shape":[-1,4]}],"#
                + #""outputs":[{"name":"label","datatype":"INT64","shape":[-1]},"#
                + #"{"name":"probabilities","datatype":"FP32","shape":[-1,3]}]}"#)
    }

    @Test("the configuration counts rows apart from dimensions")
    func config() throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(Self.documents.config))
        let config = try #require(parsed as? [String: Any])
        #expect(config["max_batch_size"] as? Int == 64)
        let input = try #require((config["input"] as? [[String: Any]])?.first)
        #expect(input["data_type"] as? String == "TYPE_FP32")
        #expect(input["dims"] as? [Int] == [4])
        let output = try #require((config["output"] as? [[String: Any]])?.first)
        #expect(output["dims"] as? [Int] == [1])
        #expect((output["reshape"] as? [String: [Int]])?["shape"] == [])
        let group = try #require((config["instance_group"] as? [[String: Any]])?.first)
        #expect(group["count"] as? Int == 2)
        let batching = try #require(config["dynamic_batching"] as? [String: Any])
        #expect(batching["max_queue_delay_microseconds"] as? Int == 500)
    }

    @Test("a model that is not batchable says 0 rows and all dimensions")
    func notBatchable() throws {
        let schema = ModelSchema.echo(.string, [nil, 2])
        let documents = ModelDocuments(schema, ModelDocuments.Facts(workerCount: 1))
        let parsed = try JSONSerialization.jsonObject(with: Data(documents.config))
        let config = try #require(parsed as? [String: Any])
        #expect(config["max_batch_size"] as? Int == 0)
        #expect(config["dynamic_batching"] == nil)
        let input = try #require((config["input"] as? [[String: Any]])?.first)
        #expect(input["data_type"] as? String == "TYPE_STRING")
        #expect(input["dims"] as? [Int] == [-1, 2])
    }
}
