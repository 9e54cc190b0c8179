import ApusProtocols
import ApusWire
import Glibc
import Testing

/// Numbers of long lists are read many at once, by their lengths: each must be what it is alone.
@Suite("Texts of numbers")
struct NumberTextTests {
    /// Memory with a page that may not be touched on either side.
    private final class Fenced {
        private static let page = 4096
        private let capacity: Int
        private let start: UnsafeMutableRawPointer

        init(capacity: Int) {
            self.capacity = (capacity + Self.page - 1) / Self.page * Self.page
            let count = self.capacity + 2 * Self.page
            start = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            precondition(mprotect(start, Self.page, PROT_NONE) == 0, "the page in front is set")
            precondition(
                mprotect(start + count - Self.page, Self.page, PROT_NONE) == 0,
                "the page behind is set")
        }

        deinit { munmap(start, capacity + 2 * Self.page) }

        /// The bytes at the very front, or with exactly 64 readable ones behind them, which look like more numbers.
        func place(_ bytes: [UInt8], atFront: Bool) -> UnsafeRawBufferPointer {
            let front = start + Self.page
            let place = atFront ? front : front + capacity - 64 - bytes.count
            bytes.withUnsafeBytes {
                place.copyMemory(from: $0.baseAddress!, byteCount: bytes.count)
            }
            for index in 0..<64 {
                place.storeBytes(
                    of: index % 2 == 0 ? 0x31 : 0x2C, toByteOffset: bytes.count + index,
                    as: UInt8.self)
            }
            return UnsafeRawBufferPointer(start: place, count: bytes.count)
        }
    }

    // MARK: Texts

    private static func digits(_ count: Int, _ random: inout Seeded) -> String {
        String((0..<count).map { _ in "0000999123456789".randomElement(using: &random)! })
    }

    /// Digits of an integer: the first is no zero, but for zero.
    private static func whole(_ count: Int, _ random: inout Seeded) -> String {
        count == 1
            ? digits(1, &random)
            : "\(Int.random(in: 1...9, using: &random))" + digits(count - 1, &random)
    }

    /// Next to the middle between two doubles, off by some 2^-52 of their distance: the digits, times a power of two, leave
    /// 1 to 5 when divided by a power of five.
    private static let besideMiddle = [
        "0.0000238535059385524617", "0.0000129763405184408387", "0.0004471909861897162134",
        "0.0000009991058017625562",
        "0.0000000054104687080198", "0.0009059469364965188720", "0.0007103832654731318994",
        "0.0009996017739940143065",
        "0.0009817774906601815137", "0.0004363749637153891", "0.000148740445292311029",
        "0.012401990668818994",
    ]

    /// The middle between two doubles, with all its digits, or a little above it.
    private static func halfway(_ random: inout Seeded) -> String {
        let decimals = Int.random(in: 0...2, using: &random)
        let odd = UInt64.random(in: 1 << 53..<1 << 54, using: &random) | 1
        // An odd integer of 54 bits, divided by 2 to that power.
        let scaled = odd.multipliedFullWidth(by: [1, 5, 25][decimals])
        let (high, low) = UInt64(10_000_000_000).dividingFullWidth((scaled.high, scaled.low))
        var text = "\(high)" + String(String(low + 10_000_000_000).dropFirst())
        if decimals > 0 { text.insert(".", at: text.index(text.endIndex, offsetBy: -decimals)) }
        return text + (decimals > 0 && Bool.random(using: &random) ? digits(2, &random) : "")
    }

    /// A number of RFC 8259 that is a finite double.
    static func number(_ random: inout Seeded) -> String {
        let sign = Bool.random(using: &random) ? "-" : ""
        switch Int.random(in: 0...9, using: &random) {
        case 0:
            let bits = UInt64.random(in: 0...UInt64.max, using: &random)
            let value = Double(bitPattern: bits)
            return value.isFinite ? "\(value)" : "0.0"
        case 1: return "\(Double.random(in: -1...1, using: &random))"
        case 2: return "\(Double(Float.random(in: -100...100, using: &random)))"
        case 3: return sign + whole(Int.random(in: 1...18, using: &random), &random)
        case 4: return sign + halfway(&random)
        case 5: return sign + besideMiddle.randomElement(using: &random)!
        case 6 where Bool.random(using: &random): return sign + "0.0"
        case 6:
            return sign + "0."
                + String(repeating: "0", count: Int.random(in: 0...25, using: &random)) + "1"
        default:
            let before = whole(Int.random(in: 1...25, using: &random), &random)
            let behind = digits(Int.random(in: 1...25, using: &random), &random)
            return sign + (Bool.random(using: &random) ? before.suffix(1) : before[...]) + "."
                + behind
        }
    }

    /// One of a few bytes, most of which numbers have.
    static func shortNumber(_ random: inout Seeded) -> String {
        let sign = Int.random(in: 0...3, using: &random) == 0 ? "-" : ""
        let before = whole(Int.random(in: 1...3, using: &random), &random)
        guard Int.random(in: 0...4, using: &random) > 0 else { return sign + before }
        return sign + before + "." + digits(Int.random(in: 1...7, using: &random), &random)
    }

    static let faulty = [
        "-", ".5", "-.5", "5.", "-5.", "1e", "1e+", "1.e5", "00", "01", "-01", "00.5", "0123456.5",
        "--1", "-1-", "1-2", "+1",
        "1.2.3", "1..2", "1.2.3.4.5.6.7", "0.0.0", ".", "-.", "..", "1_0", "1:5", "1;5", "1/5",
        "0:0", "1\u{7F}", "1 5", "0x1",
        "1.5f", "12345678901234567.", "-12345678901234567.", ".12345678901234567",
        "012345678901234567", "1234567890123456:8",
        "0.123456789012345678.", "--0.1234567890123456", "é", "1é", "nan", "0.1234567é9012345",
        "9.9e", "1,", ",1", "",
    ]

    // MARK: Tests

    struct Kind: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let number: @Sendable (inout Seeded) -> String
    }

    static let kinds = [
        Kind(testDescription: "of all forms") { number(&$0) },
        Kind(testDescription: "of a few digits") { shortNumber(&$0) },
        Kind(testDescription: "of many digits") { "\(Double.random(in: -1...1, using: &$0))" },
        Kind(testDescription: "of a few digits, and some of all forms") {
            Int.random(in: 0...7, using: &$0) == 0 ? number(&$0) : shortNumber(&$0)
        },
    ]

    @Test(
        "50,000 numbers are the nearest doubles, in long lists and in short ones", arguments: kinds)
    func nearest(_ kind: Kind) throws {
        var random = Seeded(state: 71)
        let exchange = Exchange(.echo(.float64))
        let memory = Fenced(capacity: 8192)
        for round in 0..<1250 {
            // Those of up to 64 numbers are also read where the last ones were (KnownBody).
            let count =
                round % 2 == 0
                ? Int.random(in: 1...64, using: &random) : Int.random(in: 65...90, using: &random)
            let texts = (0..<count).map { _ in kind.number(&random) }
            let wanted = texts.map { Double($0)!.bitPattern }
            let separator = [",", ", ", ",\n\t", " ,"][round / 2 % 4]
            for _ in 0..<2 {
                exchange.inputs[0].removeAll()
                let body = JSONDataTests.body(
                    .float64, "[\(texts.joined(separator: separator))]", count: count)
                try exchange.codec.decode(
                    memory.place(Array(body.utf8), atFront: round / 8 % 2 == 0),
                    headerByteCount: nil, inputs: exchange.inputs,
                    request: exchange.request)
                // An integer is one until it becomes a double, and then "-0" is 0.
                let found = exchange.elements(0, Double.self).map(\.bitPattern)
                try #require(
                    zip(found, zip(wanted, texts)).allSatisfy { $0 == ($1.1 == "-0" ? 0 : $1.0) }
                        && found.count == count,
                    "\(texts)")
            }
        }
    }

    @Test("a float is the nearest one to the double, and none is infinite", arguments: kinds)
    func floats(_ kind: Kind) throws {
        var random = Seeded(state: 72)
        let exchange = Exchange(.echo(.float32))
        for _ in 0..<600 {
            let texts = (0..<40).map { _ in kind.number(&random) }.filter {
                Float(Double($0)!).isFinite
            }
            exchange.inputs[0].removeAll()
            try exchange.decode(
                JSONDataTests.body(
                    .float32, "[\(texts.joined(separator: ","))]", count: texts.count))
            let found = exchange.elements(0, Float.self).map(\.bitPattern)
            let wanted = texts.map { $0 == "-0" ? 0 : Float(Double($0)!).bitPattern }
            try #require(found == wanted, "\(texts)")
        }
        let large = Array(repeating: "1.5", count: 40) + ["3.5e38"]
        #expect(
            exchange.refusal(
                JSONDataTests.body(.float32, "[\(large.joined(separator: ","))]", count: 41)
            )
            .contains("a number out of range at element 40"))
    }

    @Test(
        "integers of every length are themselves, or do not fit",
        arguments: [ElementType.int64, .int8, .uint16])
    func integers(_ type: ElementType) throws {
        var random = Seeded(state: 73)
        for length in 1...19 {
            for _ in 0..<20 {
                let values = (0..<40).map { _ in
                    Int64(
                        ("-" + Self.whole(length, &random)).dropFirst(
                            Bool.random(using: &random) ? 0 : 1)) ?? .max
                }
                let range: ClosedRange<Int64> =
                    switch type {
                    case .int8: -128...127
                    case .uint16: 0...65535
                    default: .min ... .max
                    }
                let exchange = Exchange(.echo(type))
                let refusal = exchange.refusal(JSONDataTests.body(type, "\(values)", count: 40))
                guard let place = values.firstIndex(where: { !range.contains($0) }) else {
                    try #require(refusal == "accepted", "\(values)")
                    switch type {
                    case .int8: #expect(exchange.elements(0, Int8.self) == values.map { Int8($0) })
                    case .uint16:
                        #expect(exchange.elements(0, UInt16.self) == values.map { UInt16($0) })
                    default: #expect(exchange.elements(0, Int64.self) == values)
                    }
                    continue
                }
                try #require(
                    refusal.contains("an integer out of range at element \(place) "),
                    "\(values) \(refusal)")
            }
        }
    }

    @Test("what is no number is refused at every place among others", arguments: faulty)
    func refused(_ fault: String) {
        var random = Seeded(state: 74)
        let exchange = Exchange(.echo(.float64))
        for kind in Self.kinds {
            for place in 0..<40 {
                var texts = (0..<40).map { _ in kind.number(&random) }
                texts[place] = fault
                let refusal = exchange.refusal(
                    JSONDataTests.body(.float64, "[\(texts.joined(separator: ","))]", count: 40))
                #expect(refusal != "accepted", "\(texts)")
            }
        }
    }

    @Test("a list at the very front of memory is read without what is before it")
    func front() throws {
        var random = Seeded(state: 75)
        let schema = ModelSchema.echo(.float64, [nil, 24], isBatchable: true)
        let exchange = Exchange(schema, PredictCodec(schema: schema))
        let memory = Fenced(capacity: 4096)
        for _ in 0..<200 {
            let texts = (0..<24).map { _ in Self.shortNumber(&random) }
            let body = Array("{\"data\":[[\(texts.joined(separator: ","))]]}".utf8)
            exchange.inputs[0].removeAll()
            try exchange.codec.decode(
                memory.place(body, atFront: true), headerByteCount: nil, inputs: exchange.inputs,
                request: exchange.request)
            let wanted = texts.map { $0 == "-0" ? 0 : Double($0)! }
            try #require(exchange.elements(0, Double.self) == wanted, "\(texts)")
        }
    }
}
