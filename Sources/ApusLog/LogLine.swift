import Logging

/// One event as one line. Whatever the strings hold, the line has no control character, so an event
/// can neither break the line nor forge another.
package struct LogLine {
    package let time: Timestamp
    package let level: Logger.Level
    /// Which process speaks: `supervisor`, `proxy[0]`, `worker[iris@3#0]`.
    package let role: String
    package let message: String
    package let metadata: Logger.Metadata

    package init(
        time: Timestamp, level: Logger.Level, role: String, message: String,
        metadata: Logger.Metadata = [:]
    ) {
        self.time = time
        self.level = level
        self.role = role
        self.message = message
        self.metadata = metadata
    }

    /// The line with its `\n`. Metadata comes in the order of its keys.
    package func text(_ format: LogFormat) -> String {
        switch format {
        case .text: plain
        case .json: json
        }
    }

    private var sortedMetadata: [(key: String, value: Logger.MetadataValue)] {
        metadata.sorted { $0.key < $1.key }
    }

    private var plain: String {
        let gap = String(repeating: " ", count: max(0, 5 - level.rawValue.count))
        var line = "\(time.text) \(level.rawValue)\(gap) \(role) \(escaped(message))"
        for (key, value) in sortedMetadata { line += " \(key)=\(plain(value))" }
        return line + "\n"
    }

    private func plain(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): bare(text) ? text : quoted(text)
        case .stringConvertible(let value): plain(.string(value.description))
        case .array, .dictionary: json(value)
        }
    }

    /// Whether a reader who splits at spaces and `=` gets `text` back as it is.
    private func bare(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                && byte != UInt8(ascii: "\\")
        }
    }

    private var json: String {
        var line = #"{"time":"\#(time.text)","level":"\#(level.rawValue)","role":\#(quoted(role))"#
        line += ",\"message\":\(quoted(message))"
        for (key, value) in sortedMetadata {
            let taken = ["time", "level", "role", "message"].contains(key)
            line += ",\(quoted(taken ? key + "_" : key)):\(json(value))"
        }
        return line + "}\n"
    }

    private func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): return quoted(text)
        case .stringConvertible(let value): return quoted(value.description)
        case .array(let values): return "[\(values.map(json).joined(separator: ","))]"
        case .dictionary(let values):
            let members = values.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }
            return "{\(members.joined(separator: ","))}"
        }
    }
}

/// `text` as a JSON string (RFC 8259 §7).
private func quoted(_ text: String) -> String {
    "\"\(escaped(text, also: ["\"", "\\"]))\""
}

private func escaped(_ text: String, also special: [Unicode.Scalar] = []) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": out += "\\n"
        case "\r": out += "\\r"
        case "\t": out += "\\t"
        case _ where special.contains(scalar): out += "\\\(scalar)"
        case _ where scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}":
            let hex = String(scalar.value, radix: 16)
            out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        case _: out.unicodeScalars.append(scalar)
        }
    }
    return out
}
