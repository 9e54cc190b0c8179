import ApusWire

/// The models that this proxy serves, found by name and version without making a string.
struct ModelCatalog {
    /// All versions of one name, the highest first.
    final class Entry {
        let name: String
        let nameBytes: [UInt8]
        var versions: [ServedModel] = []

        init(_ name: String) {
            self.name = name
            nameBytes = Array(name.utf8)
        }

        /// The version that a request without one means: the highest that is ready, else the highest.
        var latest: ServedModel? { versions.first { $0.route.state == .ready } ?? versions.first }
    }

    private(set) var entries: [Entry] = []
    /// Versions that a client has unloaded: the index lists them, and nothing else knows them.
    let unloaded: [ModelRoute]
    private var byHash: [UInt64: [Entry]] = [:]

    init(_ models: [ServedModel] = [], unloaded: [ModelRoute] = []) {
        self.unloaded = unloaded
        var byName: [String: Entry] = [:]
        for model in models {
            if let entry = byName[model.route.name] {
                entry.versions.append(model)
            } else {
                let entry = Entry(model.route.name)
                entry.versions.append(model)
                byName[entry.name] = entry
                entries.append(entry)
                byHash[Self.hash(entry.nameBytes), default: []].append(entry)
            }
        }
        for entry in entries { entry.versions.sort { $0.route.version > $1.route.version } }
    }

    var models: [ServedModel] { entries.flatMap(\.versions) }

    /// The model of that name; the segment is as it came in the path.
    func find(_ name: PathSegment) -> Entry? {
        name.withDecoded { bytes in
            byHash[Self.hash(bytes)]?.first { name.isEqual(to: $0.nameBytes) }
        }
    }

    func find(_ name: String) -> Entry? { entries.first { $0.name == name } }

    /// FNV-1a, 64 bits (draft-eastlake-fnv): short names, no adversary (the names are ours).
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

extension PathSegment {
    /// Calls `body` with the decoded bytes.
    func withDecoded<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        guard isEscaped else { return body(encoded) }
        return withUnsafeTemporaryAllocation(byteCount: encoded.count, alignment: 1) { memory in
            body(UnsafeRawBufferPointer(rebasing: memory[..<decode(into: memory)]))
        }
    }

    func isEqual(to bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { isEqual(to: $0) } }
}
