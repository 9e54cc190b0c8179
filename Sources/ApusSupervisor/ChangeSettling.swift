import Glibc

/// A file as it looks from outside; nothing of it when it is not there.
struct FileState: Equatable {
    private var device: UInt64 = 0
    private var number: UInt64 = 0
    private var byteCount = -1
    private var seconds = 0
    private var nanoseconds = 0

    /// Of what the path leads to.
    init(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
        byteCount = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}

/// What a model's files look like from outside: enough to see that they may have become others.
struct ModelSignature: Equatable {
    /// By version and path.
    var files: [Int: [String: FileState]] = [:]
    /// Files that are named inside of others, by path: they are known once a copy was made.
    var inner: [String: FileState] = [:]

    /// An inner file that only one of the two knows is no difference.
    func differs(from other: ModelSignature) -> Bool {
        if files != other.files { return true }
        return inner.contains { path, state in other.inner[path].map { $0 != state } ?? false }
    }
}

/// Which models' files have become others than those that were loaded, and stay as they are.
struct ChangeSettling {
    /// A change counts when so many looks in a row found the same.
    static let stableLookCount = 2

    /// What was loaded last, or tried.
    private var taken: [String: ModelSignature] = [:]
    private var seen: [String: (signature: ModelSignature?, lookCount: Int)] = [:]

    /// The models whose load was begun.
    var names: Set<String> { Set(taken.keys) }

    /// A load of these begins; nil for a model that is not there, or has to be looked at again.
    mutating func take(_ signature: ModelSignature?, of name: String) {
        taken[name] = signature
        seen[name] = nil
    }

    /// Compares what is there now.
    /// - Returns: the models to load now, which then count as taken; and whether others have changed that may
    ///   change on.
    mutating func look(_ now: [String: ModelSignature]) -> (settled: Set<String>, isPending: Bool) {
        var settled: Set<String> = []
        for name in Set(now.keys).union(taken.keys) {
            let signature = now[name]
            guard isOther(signature, taken[name]) else {
                seen[name] = nil
                if let inner = signature?.inner { taken[name]?.inner.merge(inner) { _, new in new } }
                continue
            }
            let before = seen[name]
            let isSame = before.map { $0.signature == signature } ?? false
            let lookCount = isSame ? before!.lookCount + 1 : 0
            seen[name] = (signature, lookCount)
            guard lookCount >= Self.stableLookCount else { continue }
            settled.insert(name)
            take(signature, of: name)
        }
        return (settled, !seen.isEmpty)
    }

    private func isOther(_ one: ModelSignature?, _ other: ModelSignature?) -> Bool {
        guard let one, let other else { return (one == nil) != (other == nil) }
        return one.differs(from: other)
    }
}
