import ApusWire
import Testing

@Suite("Tensor buffer")
struct TensorBufferTests {
    private func floats(_ buffer: TensorBuffer) -> [Float] { Array(buffer.bytes.bindMemory(to: Float.self)) }

    @Test("what is borrowed lies where it lay, until it is owned")
    func borrowed() {
        let buffer = TensorBuffer(.float32)
        var values: [Float] = (0..<1000).map { Float($0) }
        values.withUnsafeMutableBytes { bytes in
            #expect(buffer.borrow(UnsafeRawBufferPointer(bytes)))
            #expect(buffer.isBorrowed && buffer.bytes.baseAddress == UnsafeRawPointer(bytes.baseAddress!))
            #expect(buffer.count == 1000)
            buffer.own()
            bytes.storeBytes(of: -1, as: Float.self)
        }
        #expect(!buffer.isBorrowed)
        #expect(floats(buffer) == (0..<1000).map { Float($0) })
    }

    @Test("more behind what is borrowed makes it our own")
    func appended() {
        let buffer = TensorBuffer(.float32)
        for count in [3, 5000] {
            let values = (0..<count).map { Float($0) }
            values.withUnsafeBytes { bytes in
                #expect(buffer.borrow(bytes))
                buffer.extend(elements: 1).storeBytes(of: 7, as: Float.self)
            }
            #expect(!buffer.isBorrowed && floats(buffer) == values + [7])
            buffer.removeAll()
        }
    }

    @Test("nothing is borrowed behind other elements, or from where numbers cannot lie")
    func refused() {
        let buffer = TensorBuffer(.float32)
        let values: [Float] = [1, 2, 3]
        values.withUnsafeBytes { bytes in
            let crooked = UnsafeRawBufferPointer(rebasing: bytes[1..<9])
            #expect(!buffer.borrow(crooked))
            buffer.extend(elements: 1).storeBytes(of: 7, as: Float.self)
            #expect(!buffer.borrow(bytes))
        }
        #expect(floats(buffer) == [7])
    }

    @Test("a number half-way between two is stored as the even one, as requests are read", arguments: [
        (ElementType.bfloat16, 1 + 0x1p-8, 0x3F80), (.bfloat16, 1 + 3 * 0x1p-8, 0x3F82), (.bfloat16, -1 - 0x1p-8, 0xBF80),
        // A float would have it half-way.
        (.bfloat16, 1 + 0x1p-8 + 0x1p-40, 0x3F81), (.bfloat16, 1 + 3 * 0x1p-8 - 0x1p-40, 0x3F81),
        (.bfloat16, 1.5, 0x3FC0), (.bfloat16, 0x1.ffp127, 0x7F80), (.bfloat16, -.infinity, 0xFF80),
        (.bfloat16, .nan, 0x7FC0), (.float16, 1 + 0x1p-11, 0x3C00), (.float16, 1 + 3 * 0x1p-11, 0x3C02),
    ] as [(ElementType, Double, UInt16)])
    func ties(_ row: (type: ElementType, number: Double, bits: UInt16)) {
        let buffer = TensorBuffer(row.type)
        #expect(buffer.append(.number(row.number)))
        #expect(buffer.bytes.loadUnaligned(as: UInt16.self) == row.bits)
    }

    @Test("a refused request's elements are given back")
    func truncated() {
        let buffer = TensorBuffer(.float32)
        let values: [Float] = [1, 2, 3]
        values.withUnsafeBytes { bytes in
            #expect(buffer.borrow(bytes))
            buffer.removeAll()
        }
        #expect(!buffer.isBorrowed && buffer.count == 0 && buffer.bytes.isEmpty)
    }

    @Test("what many strings took is given back, with what says where they end")
    func shrunk() {
        let buffer = TensorBuffer(.string)
        for _ in 0..<100_000 { "ab".utf8.withContiguousStorageIfAvailable { buffer.append(string: UnsafeRawBufferPointer($0)) } }
        buffer.leaveUnread(at: 3)
        #expect(buffer.reservedByteCount >= 1_000_000 && buffer.heldByteCount == 6 + 5 * 8)
        buffer.shrink(toByteCount: 4096)
        #expect(buffer.string(2).elementsEqual("ab".utf8), "strings in use keep their ends")
        buffer.removeAll()
        buffer.shrink(toByteCount: 4096)
        #expect(buffer.reservedByteCount <= 3 * 4096)
    }
}
