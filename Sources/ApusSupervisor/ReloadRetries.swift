/// Versions that did not take over for a reason that may pass, a full disk, say, and when each is tried again: after
/// the same times as a first load, while what serves serves on. Times are milliseconds of one monotonic clock.
///
///     (none) ──refused──▶ waiting ──began──▶ under way ──refused──▶ waiting
///                            └──────────┬───────┘
///       taken, refused for its own sake, or another reload of its model ──▶ (none)
struct ReloadRetries {
    /// Between two tries, as for a template.
    static let longestMilliseconds: UInt64 = 30_000

    fileprivate struct Entry {
        var model: String
        var version: Int
        /// Of the reload that was refused.
        var isAutomatic: Bool
        var allowsSchemaChange: Bool
        var reason: String
        var backoff = RestartBackoff(longest: ReloadRetries.longestMilliseconds)
        var isUnderWay = false
    }

    private var entries: [Entry] = []

    /// When the next try is due; nil when none waits.
    var nextAt: UInt64? { entries.filter { !$0.isUnderWay }.map(\.backoff.readyAt).min() }

    /// - Parameters:
    ///   - request: of the reload that it was part of.
    ///   - jitter: from -1 to 1, drawn by the caller.
    /// - Returns: whether that is new: it was not refused before for the same reason.
    @discardableResult
    mutating func refused(
        _ model: String, _ version: Int, reason: String, _ request: ReloadRequest, at now: UInt64, jitter: Double
    ) -> Bool {
        var entry = Entry(
            model: model, version: version, isAutomatic: request.isAutomatic,
            allowsSchemaChange: request.allowsSchemaChange, reason: reason)
        let before = remove(model, version)
        if let before { entry.backoff = before.backoff }
        entry.backoff.failed(at: now, jitter: jitter)
        entries.append(entry)
        return before?.reason != reason
    }

    /// It was taken, or there is nothing to take, or it was refused for its own sake.
    mutating func ended(_ model: String, _ version: Int) { remove(model, version) }

    /// Another reload of these models begins, which looks at all their versions; nil is all models.
    mutating func forget(models: Set<String>?) { entries.removeAll { models?.contains($0.model) ?? true } }

    /// What is to be tried now, one model at a time; it counts as under way. Nil when nothing is due.
    mutating func next(at now: UInt64) -> ReloadRequest? {
        guard let first = entries.first(where: { !$0.isUnderWay && $0.backoff.allowsStart(at: now) }) else { return nil }
        var versions: Set<Int> = []
        for index in entries.indices where entries[index].belongs(with: first) {
            entries[index].isUnderWay = true
            entries[index].backoff.started(at: now)
            versions.insert(entries[index].version)
        }
        var request = ReloadRequest(names: [first.model], isAutomatic: first.isAutomatic)
        request.allowsSchemaChange = first.allowsSchemaChange
        request.retriedVersions = versions
        return request
    }

    /// A try has ended. Versions that it did not come to wait again when no file of their model was there, and are
    /// forgotten when others are wanted by now.
    /// - Parameter models: those of which there were files.
    mutating func finished(_ request: ReloadRequest, found models: Set<String>, at now: UInt64, jitter: Double) {
        for entry in entries where entry.isUnderWay && request.names?.contains(entry.model) == true {
            if models.contains(entry.model) {
                ended(entry.model, entry.version)
            } else {
                refused(entry.model, entry.version, reason: entry.reason, request, at: now, jitter: jitter)
            }
        }
    }

    @discardableResult
    private mutating func remove(_ model: String, _ version: Int) -> Entry? {
        entries.firstIndex { $0.model == model && $0.version == version }.map { entries.remove(at: $0) }
    }
}

extension ReloadRetries.Entry {
    fileprivate func belongs(with other: Self) -> Bool {
        !isUnderWay && model == other.model && isAutomatic == other.isAutomatic
            && allowsSchemaChange == other.allowsSchemaChange
    }
}

/// Why a generation does not take over.
struct Refusal: Equatable {
    var sentence: String
    /// It is not the files' fault: another try may take them.
    var mayPass = false
}
