import ApusWire
import Testing

@testable import ApusProtocols
@testable import ApusWorker

@Suite("Inputs of a run")
struct RunInputsTests {
    @Test("what a run of very many strings took is given back, and the next one is viewed as ever")
    func shrunk() {
        let buffer = TensorBuffer(.string)
        let inputs = RunInputs([buffer])
        let request = PendingRequest(bodyByteLimit: 1024)
        request.firstElements = [0]
        for _ in 0..<2000 { "ab".utf8.withContiguousStorageIfAvailable { buffer.append(string: UnsafeRawBufferPointer($0)) } }
        request.inference.inputShapes = [Shape([2000])]
        inputs.select([request], rowCount: nil)
        #expect(inputs.views[0].ends.count == 2000 && inputs.reservedByteCount > 16_000)
        inputs.shrink(toByteCount: 4096)
        #expect(inputs.reservedByteCount <= 4096)
        inputs.select(request, rows: 100..<102)
        #expect(Array(inputs.views[0].ends) == [2, 4] && inputs.views[0].bytes.elementsEqual("abab".utf8))
    }
}
