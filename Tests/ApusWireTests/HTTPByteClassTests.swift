import Testing

@testable import ApusWire

@Suite("HTTP byte classes")
struct HTTPByteClassTests {
    static let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    static func check(_ flag: UInt8, _ members: String) {
        let members = Set(members.utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(ByteClass.has(flag, byte) == members.contains(byte), "byte \(byte)")
        }
    }

    @Test("tokens are of the characters of RFC 9110 §5.6.2")
    func tokens() { Self.check(ByteClass.token, Self.alphanumeric + "!#$%&'*+-.^_`|~") }

    @Test("targets are of visible characters but five")
    func targets() {
        let visible = String(decoding: UInt8(0x21)...0x7E, as: UTF8.self)
        Self.check(ByteClass.target, visible.filter { !"\"#<>\\".contains($0) })
    }

    @Test("hosts are of the unreserved characters of RFC 3986 §2.3")
    func hosts() { Self.check(ByteClass.host, Self.alphanumeric + "-._~") }

    @Test("request ids are of characters that mean nothing elsewhere")
    func requestIDs() { Self.check(ByteClass.requestID, Self.alphanumeric + "._:/+=@-") }

    @Test("the underscore has a flag of its own")
    func underscore() { Self.check(ByteClass.underscore, "_") }

    @Test("hexadecimal digits have their values, and nothing else has one")
    func hexadecimal() {
        for byte in UInt8.min...UInt8.max {
            let digit =
                byte < 0x80 ? Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init) : nil
            #expect(ByteClass.hexadecimal(byte) == digit)
            #expect(ByteClass.isDigit(byte) == (0x30...0x39).contains(byte))
        }
    }

    @Test("the first control byte is found wherever it is, whatever its neighbours")
    func firstControl() {
        for length in 0..<40 {
            for place in 0..<max(length, 1) {
                for control in [0, 0x09, 0x0A, 0x0D, 0x1F, 0x7F] as [UInt8] {
                    for other in [0x20, 0x21, 0x7E, 0x80, 0x8D, 0xFF] as [UInt8] {
                        var bytes = [UInt8](repeating: other, count: length)
                        if place < length { bytes[place] = control }
                        let memory = GuardedBytes(bytes)
                        #expect(
                            memory.copy(bytes[...]).firstControl(from: 0)
                                == (place < length ? place : length))
                    }
                }
            }
        }
    }
}
