import ApusModel

/// How the text of a value is read, written, and asked for.
struct ValueForm<Value: Sendable>: Sendable {
    /// Ends the sentence "… is expected": `a whole number from 1 to 64`.
    let expected: String
    /// Stands for the value in usage: `ROWS`.
    let placeholder: String
    /// A relative path that a file holds starts at the folder of that file.
    var isPath = false
    /// In a file it may be a list or a mapping, too.
    var isList = false
    let read: @Sendable (String) -> Value?
    let write: @Sendable (Value) -> String
}

extension ValueForm where Value == Int {
    static func integer(_ range: ClosedRange<Int>, _ placeholder: String, of unit: String = "") -> Self {
        let unit = unit.isEmpty ? "" : " of \(unit)"
        return ValueForm(
            expected: "a whole number\(unit) from \(range.lowerBound) to \(range.upperBound)",
            placeholder: placeholder,
            read: { text in wholeNumber(text[...]).flatMap { range.contains($0) ? $0 : nil } },
            write: String.init)
    }

    static func milliseconds(_ range: ClosedRange<Int>) -> Self {
        integer(range, "MS", of: "milliseconds")
    }

    static func byteCount(_ range: ClosedRange<Int>) -> Self {
        let bounds = "\(ByteCount.text(range.lowerBound)) to \(ByteCount.text(range.upperBound))"
        return ValueForm(
            expected: "a number of bytes from \(bounds), such as 65536, 64KiB, 64MiB or 1GiB,",
            placeholder: "BYTES",
            read: { text in ByteCount.read(text).flatMap { range.contains($0) ? $0 : nil } },
            write: ByteCount.text)
    }
}

extension ValueForm where Value == Int? {
    /// Nil is `auto`.
    static func integerOrAuto(_ range: ClosedRange<Int>, _ placeholder: String) -> Self {
        let number = ValueForm<Int>.integer(range, placeholder)
        return ValueForm(
            expected: "auto or \(number.expected)", placeholder: "\(placeholder)|auto",
            read: { text in text == "auto" ? .some(nil) : number.read(text).map(Optional.some) },
            write: { $0.map(number.write) ?? "auto" })
    }
}

extension ValueForm where Value == Bool {
    static var truth: Self {
        ValueForm(
            expected: "true or false", placeholder: "true|false",
            read: { text in ["true": true, "false": false][text] }, write: { String($0) })
    }
}

extension ValueForm where Value == ListenAddress {
    static var address: Self {
        ValueForm(
            expected: "HOST:PORT with a numeric address or localhost (an IPv6 address in brackets)",
            placeholder: "HOST:PORT",
            read: { ListenAddress($0) }, write: { $0.description })
    }
}

extension ValueForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static var choice: Self {
        let names = Value.allCases.map(\.rawValue)
        return ValueForm(
            expected: "one of \(names.joined(separator: ", "))",
            placeholder: names.count <= 4 ? names.joined(separator: "|") : "LEVEL",
            read: { Value(rawValue: $0) }, write: { $0.rawValue })
    }
}

extension ValueForm where Value == String {
    static func name(_ placeholder: String = "NAME") -> Self {
        ValueForm(
            expected: "a name of 1 to \(ModelName.limit) letters, digits, spaces or ._- without a dot in front",
            placeholder: placeholder,
            read: { ModelName.isValid($0) ? $0 : nil }, write: { $0 })
    }

    static func path(_ placeholder: String) -> Self {
        ValueForm(
            expected: "a path", placeholder: placeholder, isPath: true,
            read: { $0.isEmpty || $0.utf8.contains(0) ? nil : $0 }, write: { $0 })
    }
}

extension ValueForm where Value == String {
    /// A path in URLs.
    static var route: Self {
        ValueForm(
            expected: "a path that begins with / and has only what stands in a URL's path (RFC 3986 §3.3)",
            placeholder: "/PATH",
            read: { text in
                let isPath = text.utf8.allSatisfy {
                    switch $0 {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                    default: "-._~!$&'()*+,;=:@/%".utf8.contains($0)
                    }
                }
                return text.hasPrefix("/") && text.utf8.count <= 1024 && isPath ? text : nil
            },
            write: { $0 })
    }
}

extension ValueForm {
    /// The same, where nothing said means `nil`.
    var optional: ValueForm<Value?> {
        ValueForm<Value?>(
            expected: expected, placeholder: placeholder, isPath: isPath,
            read: { [read] in read($0).map(Optional.some) },
            write: { [write] in $0.map(write) ?? "" })
    }
}
