extension ResolvedConfiguration {
    /// The whole configuration as a file that would give it, with the origin of each value.
    package var text: String {
        let configuration = configuration
        let keys = Key.all.map { key in
            let value = key.text(configuration)
            let comment = origins[key.name].map(\.description) ?? "default"
            return value.isEmpty ? "# \(key.name): not set" : "\(key.name): \(yaml(value))  # \(comment)"
        }
        return (keys + modelLines).joined(separator: "\n") + "\n"
    }

    private var modelLines: [String] {
        guard !configuration.models.isEmpty else { return ["# \(Key.models): not set"] }
        return ["\(Key.models):"] + configuration.models.flatMap(lines)
    }

    /// What the model does not share with the others stands in its entry.
    private func lines(_ model: ModelEntry) -> [String] {
        var alone = Configuration()
        alone.modelDefaults = model.settings
        let own = Key.all.filter { $0.isPerModel && $0.text(alone) != $0.text(configuration) }
        let name = model.reference.name.map { ["    name: \(yaml($0))"] } ?? []
        return ["  - path: \(yaml(model.reference.path))"] + name
            + own.map { "    \($0.name): \(yaml($0.text(alone)))" }
    }
}

/// `text` as a YAML scalar: plain when nothing in it could mean something else.
private func yaml(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || "/._-".utf8.contains(byte)
    }
    return plain && !text.hasPrefix("-") ? text : "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
}
