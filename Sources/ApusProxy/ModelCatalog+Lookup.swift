import ApusWire

/// Which version of a model a path asks for.
enum VersionChoice {
    /// None is named: the highest that is ready.
    case newest
    /// `/versions/V`
    case number(PathSegment)
    /// `/labels/L`
    case label(PathSegment)

    /// - Parameter version: what stands behind `/versions/`; nil when the path does not have it.
    init(version: PathSegment?) {
        self = version.map(VersionChoice.number) ?? .newest
    }

    /// Another version is not what was asked for.
    var namesVersion: Bool {
        switch self {
        case .newest: false
        case .number, .label: true
        }
    }
}

extension ModelCatalog {
    /// What a path means by a name and a version.
    /// - Returns: `unknownModel`, `unknownVersion`, `unknownLabel`, or `malformed` for a version that is no number.
    func find(
        _ name: PathSegment, _ choice: VersionChoice
    ) -> Result<(entry: Entry, model: ServedModel), InferenceError> {
        guard let entry = find(name) else {
            return .failure(.unknownModel(name: String((name.text ?? "?").prefix(128))))
        }
        switch choice {
        case .newest:
            // An entry has a version, or it would not be there.
            return .success((entry, entry.latest!))
        case .number(let segment):
            guard let version = segment.number else {
                return .failure(.malformed("the version in the path is not a number; expected digits"))
            }
            guard let model = entry.versions.first(where: { $0.route.version == version }) else {
                return .failure(.unknownVersion(name: entry.name, version: version))
            }
            return .success((entry, model))
        case .label(let segment):
            guard let model = entry.model(labeled: segment) else {
                let label = String((segment.text ?? "?").prefix(128))
                return .failure(.unknownLabel(name: entry.name, label: label))
            }
            return .success((entry, model))
        }
    }
}

extension ModelCatalog.Entry {
    fileprivate func model(labeled label: PathSegment) -> ServedModel? {
        versions.first { $0.route.labels.contains { label.isEqual(to: Array($0.utf8)) } }
    }
}
