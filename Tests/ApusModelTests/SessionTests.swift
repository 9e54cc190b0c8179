import ApusModel
import ApusWire
import Foundation
import Testing

@Suite("Session")
struct SessionTests {
    @Test("a scalar has no dimension and one element")
    func scalar() throws {
        let session = try TestEngine.small("scalar")
        #expect(session.inputs[0].shape == [])
        #expect(session.outputs[0].shape == [])
        let answer = try session.answers([OwnedTensor(.float32, [], [2.5 as Float])])
        #expect(answer == [OwnedTensor(.float32, [], [-2.5 as Float])])
    }

    @Test("fixed dimensions are told as such")
    func fixed() throws {
        let session = try TestEngine.small("fixed")
        #expect(session.inputs[0].shape == [2, 3])
        let values: [Float] = [1, 2, 3, 4, 5, 6]
        let answer = try session.answers([OwnedTensor(.float32, [2, 3], values)])
        #expect(answer == [OwnedTensor(.float32, [2, 3], values.map(-))])
    }

    @Test("as many dimensions as a shape holds are served")
    func rank8() throws {
        let session = try TestEngine.small("rank8")
        #expect(session.inputs[0].shape == [nil, 1, 2, 1, 2, 1, 2, 1])
        let values = (0..<16).map(Float.init)
        let shape = [2, 1, 2, 1, 2, 1, 2, 1]
        #expect(try session.answers([OwnedTensor(.float32, shape, values)])
            == [OwnedTensor(.float32, shape, values.map(-))])
    }

    @Test("several inputs of several types give several outputs, in the model's order")
    func several() throws {
        let session = try TestEngine.small("several")
        #expect(session.inputs.map(\.name) == ["number", "integer", "text"])
        #expect(session.outputs.map(\.name) == ["negative", "same_integer", "same_text"])
        #expect(try session.answers(Self.several)
            == [OwnedTensor(.float32, [1, 2], [-1, -2] as [Float]), Self.several[1], Self.several[2]])
    }

    @Test("only wanted outputs are computed; the others are there without elements")
    func wanted() throws {
        let session = try TestEngine.small("several")
        let answers = try session.answers(Self.several, wanted: [false, false, true])
        #expect(answers[0] == OwnedTensor(.float32, [0], bytes: []))
        #expect(answers[1] == OwnedTensor(.int64, [0], bytes: []))
        #expect(answers[2] == Self.several[2])
        #expect(try session.answers(Self.several).allSatisfy { !$0.bytes.isEmpty })
    }

    @Test("a failed run says why, in words for the log only, and the session goes on")
    func failedRun() throws {
        let session = try TestEngine.small("fails_at_run")
        let error = #expect(throws: InferenceError.self) {
            try session.answers([OwnedTensor(.int64, [1], [9 as Int64])])
        }
        guard case .runFailed("test", let reason) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(reason.contains("Gather"))
        #expect(error?.description == "model 'test' failed on this input")
        #expect(try session.answers([OwnedTensor(.int64, [1], [3 as Int64])])
            == [OwnedTensor(.float32, [1], [3 as Float])])
    }

    @Test("an error of the caller's own comes through, and the session goes on")
    func callersError() throws {
        let session = try TestEngine.small("scalar")
        let example = ExampleInput(session.inputs, rowCount: 1)
        #expect(throws: InferenceError.queueTimeout) {
            try session.run(example) { _ throws(InferenceError) -> Int in throw .queueTimeout }
        }
        #expect(try session.run(example) { $0.count } == 1)
    }

    @Test("an output whose number of dimensions nobody can infer is learned by a run")
    func openRank() throws {
        let session = try TestEngine.small("output_of_open_rank")
        #expect(session.outputs[0].shape == [nil, nil])
        let input = OwnedTensor(.float32, [2, 3], [1, 2, 3, 4, 5, 6] as [Float])
        #expect(try session.answers([input]) == [input])
    }

    @Test("sessions create no thread, neither when they load nor when they run")
    func noThreads() throws {
        func threads() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
        }
        _ = try TestEngine.small("rows_independent")
        let before = try threads()
        // The test runner's own threads come and go meanwhile, but far fewer than these.
        let sessions = try (0..<64).map { _ in try TestEngine.small("rows_independent") }
        for session in sessions {
            _ = try session.answers([OwnedTensor(.float32, [1, 3], [1, 2, 3] as [Float])])
        }
        #expect(try threads() < before + sessions.count)
    }

    @Test("what the file says of itself is read")
    func info() throws {
        let info = try TestEngine.small("described").info
        #expect(info.producer == "maker")
        #expect(info.producerVersion == "1.2")
        #expect(info.domain == "org.example")
        #expect(info.modelVersion == 3)
        #expect(info.graphName == "the graph")
        #expect(info.summary == "what it is for")
        #expect(info.irVersion == 8)
        #expect(info.operatorSets.map(\.domain) == ["ai.onnx", "ai.onnx.ml"])
        #expect(info.operatorSets.map(\.version) == [17, 3])
        #expect(info.metadata.map(\.key) == ["author", "note"])
        #expect(info.metadata.map(\.value) == ["somebody", "ünïcode"])
    }

    static let several = [
        OwnedTensor(.float32, [1, 2], [1, 2] as [Float]),
        OwnedTensor(.int64, [1], [Int64.min]),
        OwnedTensor([1, 1], strings: ["ä"]),
    ]
}
