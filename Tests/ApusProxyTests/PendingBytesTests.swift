import Testing

@testable import ApusProxy

@Suite("Pending bytes")
struct PendingBytesTests {
    @Test("what is appended comes out in order, however it is cut", arguments: 1...4)
    func walk(seed: UInt64) {
        var random = FixedRandom(seed: seed)
        var pending = PendingBytes()
        var model: [UInt8] = []
        var counter: UInt8 = 0
        for step in 0..<2000 {
            if Bool.random(using: &random) {
                let piece = (0..<Int.random(in: 0...700, using: &random)).map { _ in
                    counter &+= 1
                    return counter
                }
                piece.withUnsafeBytes { pending.append($0) }
                model += piece
            } else {
                let count = Int.random(in: 0...model.count, using: &random)
                pending.removeFirst(count)
                model.removeFirst(count)
            }
            #expect(pending.count == model.count && pending.isEmpty == model.isEmpty)
            #expect(pending.bytes.elementsEqual(model), "step \(step)")
        }
    }

    @Test("bytes can be appended from the bytes that are pending already")
    func ownBytes() {
        var pending = PendingBytes()
        [UInt8](0..<100).withUnsafeBytes { pending.append($0) }
        pending.removeFirst(40)
        let copy = Array(pending.bytes)
        copy.withUnsafeBytes { pending.append($0) }
        #expect(Array(pending.bytes) == copy + copy)
    }

    @Test("when it is empty it holds no memory")
    func empty() {
        var pending = PendingBytes()
        #expect(pending.bytes.baseAddress == nil)
        [UInt8]([1, 2]).withUnsafeBytes { pending.append($0) }
        pending.removeFirst(2)
        #expect(pending.bytes.baseAddress == nil && pending.isEmpty)
    }
}
