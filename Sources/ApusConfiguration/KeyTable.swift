/// The README's table of keys.
package enum KeyTable {
    /// Markdown, a row per key, in the order of `Key.all`.
    package static var markdown: String {
        let rows = Key.all.map { key in
            let value = key.placeholder.replacing("|", with: "\\|")
            return "| `\(key.name)`\(key.isPerModel ? " *" : "") | `\(value)` | \(shownDefault(key)) | \(key.doc) |"
        }
        return (["| key | value | default | meaning |", "|---|---|---|---|"] + rows).joined(separator: "\n") + "\n"
    }

    /// A default that is a value is code; one that is words is not.
    private static func shownDefault(_ key: Key) -> String {
        let text = key.defaultText
        return text.isEmpty || text.contains(" ") || text.contains("`") ? text : "`\(text)`"
    }
}
