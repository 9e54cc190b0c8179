/// The name by which clients ask for a model.
///
/// It comes back in answers, header fields, logs and metrics, so it has a small alphabet.
package enum ModelName {
    /// Longer names make the names of files and process titles too long.
    package static let maxByteCount = 128

    package static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetterOrDigit(first) else { return false }
        return name.utf8.count <= maxByteCount
            && name.utf8.allSatisfy { isLetterOrDigit($0) || "_-.".utf8.contains($0) }
    }

    /// The name of a model that has none of its own: its file's or folder's, without `.onnx`.
    /// Nil when that is not a valid name.
    package static func of(path: String) -> String? {
        guard var name = path.split(separator: "/").last.map(String.init) else { return nil }
        if name.hasSuffix(".onnx") { name.removeLast(".onnx".count) }
        return isValid(name) ? name : nil
    }

    /// Splits `NAME=MODEL`. The name is nil when there is no `=` before the first `/`: a path may
    /// hold one too.
    package static func split(_ argument: String) -> (name: String?, path: String) {
        guard let equals = argument.firstIndex(of: "="), !argument[..<equals].contains("/") else {
            return (nil, argument)
        }
        return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case _: false
        }
    }
}
