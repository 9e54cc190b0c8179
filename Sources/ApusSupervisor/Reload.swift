import ApusWire

/// Why something that was to be loaded anew was not.
struct ReloadRefusal: Equatable, CustomStringConvertible {
    /// Nil when it holds for every model.
    var model: String?
    var sentence: String

    static let stopping = ReloadRefusal(sentence: "the server is stopping")

    var description: String { model.map { "\($0): \(sentence)" } ?? sentence }

    func concerns(_ name: String) -> Bool { model.map { $0 == name } ?? true }
}

/// What a reload is to look at, and who waits for its end.
struct ReloadRequest {
    /// Nil: every model, after the configuration was read again.
    var names: Set<String>?
    /// Nobody asked by hand: files have changed. What is not new is left alone.
    var isAutomatic = false
    /// What clients of the serving versions would miss is no reason to refuse a new one.
    var allowsSchemaChange = false
    /// It tries again what was refused: of the model in `names` these versions alone, and nothing is removed.
    var retriedVersions: Set<Int>?
    /// Told the refusals; none when everything was replaced.
    var onDone: [([ReloadRefusal]) -> Void] = []

    var isRetry: Bool { retriedVersions != nil }

    func includes(_ name: String) -> Bool { names?.contains(name) ?? true }

    func loads(_ version: Int) -> Bool { retriedVersions?.contains(version) ?? true }

    func end(_ refusals: [ReloadRefusal]) { for done in onDone { done(refusals) } }
}

/// Requests that came while a reload was under way. However many there are, they become one of each kind
/// (HARDENING §2: they coalesce).
struct ReloadQueue {
    private(set) var waiting: [ReloadRequest] = []

    mutating func add(_ request: ReloadRequest) {
        let same = waiting.firstIndex {
            $0.isAutomatic == request.isAutomatic && ($0.names == nil) == (request.names == nil)
                && $0.allowsSchemaChange == request.allowsSchemaChange
        }
        guard let same else { return waiting.append(request) }
        waiting[same].names?.formUnion(request.names ?? [])
        waiting[same].onDone += request.onDone
    }

    /// The one that has waited longest.
    mutating func next() -> ReloadRequest? { waiting.isEmpty ? nil : waiting.removeFirst() }

    mutating func removeAll() { waiting.removeAll() }
}

/// One reload: new generations are loaded beside those that serve; each takes over, or is given up, by itself.
struct Reload {
    /// What became of one generation.
    enum Outcome: Equatable {
        case replaced
        /// There was nothing new to load.
        case unchanged
        /// The old generation goes on serving; the sentence says why.
        case refused(String)
    }

    /// Generations that have neither taken over nor been given up.
    private(set) var waiting: Set<UInt32>
    /// All that are part of it.
    let generations: Set<UInt32>
    private(set) var refusals: [ReloadRefusal] = []

    init(generations: [UInt32]) {
        waiting = Set(generations)
        self.generations = waiting
    }

    var isDone: Bool { waiting.isEmpty }

    func refused(_ model: String) -> Bool { refusals.contains { $0.model == model } }

    /// Does nothing for a generation that is not part of this reload.
    mutating func ended(_ generation: UInt32, model: String, _ outcome: Outcome) {
        guard waiting.remove(generation) != nil else { return }
        guard case .refused(let sentence) = outcome else { return }
        refusals.append(ReloadRefusal(model: model, sentence: sentence))
    }
}
