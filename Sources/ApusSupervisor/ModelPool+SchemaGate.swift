import ApusWire

/// What a new version must be compatible with.
extension ModelPool {
    /// The version whose clients this one is to take over: of those of its name that serve the same, else the highest.
    /// Nil at the start, and for one that was loaded before and so has passed its gate, whose template starts again.
    func predecessor(among serving: [ModelPool]) -> ModelPool? {
        guard description == nil, !serving.contains(where: { $0 === self }) else { return nil }
        let known = serving.filter { $0.wanted.name == wanted.name && $0.description != nil }
        return known.first { $0.wanted.version == wanted.version }
            ?? known.max { $0.wanted.version < $1.wanted.version }
    }
}

extension TemplateSettings {
    /// - Parameter isAllowed: the new version is served whatever it changes.
    mutating func follow(_ serving: ModelPool?, schemaChangeIsAllowed isAllowed: Bool) {
        guard let serving, let description = serving.description else { return }
        servingSchema = description.schema
        servingVersion = serving.wanted.version
        allowsSchemaChange = isAllowed
    }
}
