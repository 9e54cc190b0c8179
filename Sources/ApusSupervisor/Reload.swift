import ApusWire

/// One reload: a new generation of every model is loaded beside the one that serves; each takes over, or is given up,
/// by itself. Further requests to reload wait for this one and are then one more (HARDENING §2: they coalesce).
struct Reload {
    /// What became of one model.
    enum Outcome: Equatable {
        case replaced
        /// The old generation goes on serving; the sentence says why.
        case refused(String)
    }

    /// Generations that have neither taken over nor been given up.
    private(set) var waiting: Set<UInt32>
    private(set) var refusals: [String] = []
    /// Asked for while this one was under way.
    private(set) var isWantedAgain = false

    init(generations: [UInt32]) { waiting = Set(generations) }

    var isDone: Bool { waiting.isEmpty }

    mutating func askedAgain() { isWantedAgain = true }

    /// Does nothing for a generation that is not part of this reload.
    mutating func ended(_ generation: UInt32, model: String, _ outcome: Outcome) {
        guard waiting.remove(generation) != nil else { return }
        if case .refused(let sentence) = outcome { refusals.append("\(model): \(sentence)") }
    }
}
