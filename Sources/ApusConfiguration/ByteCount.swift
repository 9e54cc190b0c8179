/// A number of bytes as people write it: `65536`, `64KiB`, `64MiB`, `1GiB`.
package enum ByteCount {
    private static let units: [(suffix: String, byteCount: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ]

    /// Nil when `text` is no such number or is more than `Int.max` bytes.
    package static func read(_ text: String) -> Int? {
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let count = wholeNumber(text.dropLast(unit.suffix.count)) else { return nil }
            let (byteCount, overflow) = count.multipliedReportingOverflow(by: unit.byteCount)
            return overflow ? nil : byteCount
        }
        return wholeNumber(text[...])
    }

    /// The shortest way to write `byteCount` exactly.
    package static func text(_ byteCount: Int) -> String {
        for unit in units where byteCount >= unit.byteCount && byteCount % unit.byteCount == 0 {
            return "\(byteCount / unit.byteCount)\(unit.suffix)"
        }
        return String(byteCount)
    }
}

/// `text` as a number when it is digits and nothing else: no sign, no space, no separator.
func wholeNumber(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
}
