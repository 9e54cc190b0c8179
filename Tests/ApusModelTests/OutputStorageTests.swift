import ApusWire
import Testing

@testable import ApusModel

@Suite("Output storage")
struct OutputStorageTests {
    @Test("what a run of very many strings took is given back, and the next run's outputs are as ever")
    func shrunk() throws {
        let session = try TestEngine.small("identity_string")
        func echo(_ strings: [String]) throws -> [OwnedTensor] {
            try session.answers([OwnedTensor([1, strings.count], strings: strings)])
        }
        let storage = session.memory.storage[0]
        #expect(try echo(Array(repeating: "abcdefghi", count: 1 << 20))[0].ends.last == 9 << 20)
        #expect(storage.bytes.count < 9 << 20 && storage.ends.count <= 1 << 20)
        #expect(try echo(Array(repeating: "", count: (1 << 20) + 1))[0].ends.count == (1 << 20) + 1)
        #expect(storage.ends.count <= 1 << 20)
        #expect(try echo(["a", "", "ä"]) == [OwnedTensor([1, 3], strings: ["a", "", "ä"])])
    }
}
