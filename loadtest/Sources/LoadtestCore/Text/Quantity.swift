/// Numbers as people read and write them.
package enum Quantity {
    /// With this many digits after the point; never in exponents.
    package static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "-" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e18 else { return "\(value)" }
        let whole = UInt64(scaled)
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let text = String(whole)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
    }

    /// Three or so significant digits and a unit: `812 µs`, `1.25 ms`, `10.0 s`.
    package static func duration(_ nanoseconds: UInt64) -> String { duration(Double(nanoseconds)) }

    package static func duration(_ nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<999_500: three(nanoseconds / 1e3) + " µs"
        case ..<999_500_000: three(nanoseconds / 1e6) + " ms"
        default: three(nanoseconds / 1e9) + " s"
        }
    }

    /// Three significant digits, or all before the point.
    package static func three(_ value: Double) -> String {
        switch abs(value) {
        case ..<10: fixed(value, 2)
        case ..<100: fixed(value, 1)
        default: grouped(value)
        }
    }

    /// A whole number with thin groups of three: `12 345`.
    package static func grouped(_ value: Double) -> String {
        let text = fixed(value, 0)
        guard text.count > 4, !text.hasPrefix("-") else { return text }
        var result = ""
        for (index, digit) in text.enumerated() {
            if index > 0 && (text.count - index) % 3 == 0 { result += " " }
            result.append(digit)
        }
        return result
    }

    package static func percent(_ share: Double) -> String {
        let value = share * 100
        if value == 0 { return "0 %" }
        return fixed(value, value < 0.1 ? 3 : value < 10 ? 2 : 1) + " %"
    }

    package static func bytes(_ count: Double) -> String {
        switch count {
        case ..<1e3: fixed(count, 0) + " B"
        case ..<1e6: three(count / 1e3) + " kB"
        case ..<1e9: three(count / 1e6) + " MB"
        default: three(count / 1e9) + " GB"
        }
    }

    /// `20ms`, `1.5s`, `250us`, `2m`, `1h`, or plain seconds, in nanoseconds; nil when it is none.
    package static func nanoseconds(_ text: some StringProtocol) -> UInt64? {
        let units: [(String, Double)] = [
            ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9),
            ("h", 3600e9),
        ]
        for (unit, scale) in units where text.hasSuffix(unit) {
            guard let value = number(text.dropLast(unit.count)) else { continue }
            return value * scale < 1e18 ? UInt64(value * scale) : nil
        }
        return number(text).flatMap { $0 * 1e9 < 1e18 ? UInt64($0 * 1e9) : nil }
    }

    /// `1500`, `1.5k`, `2M`; nil when it is none. Finite.
    package static func count(_ text: some StringProtocol) -> Double? {
        let scale = text.hasSuffix("k") ? 1e3 : text.hasSuffix("M") ? 1e6 : 1
        let digits = scale == 1 ? text[...] : text.dropLast()
        return number(digits).map { $0 * scale }.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func number(_ text: some StringProtocol) -> Double? {
        let trimmed = text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        guard let value = Double(String(trimmed)), value.isFinite, value >= 0 else { return nil }
        return value
    }
}

extension Quantity {
    /// Up to four digits after the point, without zeros at the end: `99.9`.
    package static func trimmed(_ value: Double) -> String {
        var text = fixed(value, 4)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
