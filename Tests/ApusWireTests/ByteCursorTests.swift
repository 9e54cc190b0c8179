import Testing

@testable import ApusWire

@Suite("Byte cursor")
struct ByteCursorTests {
    static func write(_ count: Int = 64, _ body: (inout ByteCursor) -> Void) -> String {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { memory.deallocate() }
        var cursor = ByteCursor(memory)
        body(&cursor)
        return String(decoding: cursor.written, as: UTF8.self)
    }

    @Test(
        "numbers are written in full",
        arguments: [
            0, 1, 9, 10, 99, 100, 12345, 1_000_000, .max, -1, -10, .min,
        ])
    func decimal(_ number: Int) {
        #expect(Self.write { $0.append(decimal: number) } == String(number))
    }

    @Test("a number of fixed width has leading zeros, and its last digits when it is too long")
    func digits() {
        #expect(Self.write { $0.append(digits: 7, count: 3) } == "007")
        #expect(Self.write { $0.append(digits: 1234, count: 3) } == "234")
    }

    @Test("pieces stand one after the other, and fill the memory to its end")
    func pieces() {
        let written = Self.write(6) { cursor in
            cursor.append("ab")
            cursor.append(UInt8(ascii: "c"))
            cursor.append(UnsafeRawBufferPointer("de"))
            cursor.append(UnsafeRawBufferPointer(start: nil, count: 0))
            cursor.append(visible: UnsafeRawBufferPointer("\n"))
            #expect(cursor.byteCount == 6)
        }
        #expect(written == "abcde?")
    }
}
