import ApusWire

/// Requests over which workers died, by fingerprint (HARDENING §2, "Who died why").
///
///     unknown ──a worker dies──▶ suspect ──tried alone──▶ on trial ──another dies──▶ guilty ──its time──▶ unknown
///        ▲                          ▲                        ├── answered ──▶ unknown
///        │                          └──── its client left ───┘
///        └────────── its time ──────┘
///
/// At most two workers die over one fingerprint: while it is on trial, here or in another proxy, the same request
/// waits. Times are nanoseconds of one monotonic clock.
struct Quarantine {
    /// Beyond it the entry that ends soonest is forgotten.
    static let capacity = 1024

    enum Finding: Equatable {
        /// Nothing is known against it.
        case innocent
        /// It may be tried, alone, if it is this request's turn.
        case suspect
        /// The same request is being tried.
        case onTrial
        case guilty
    }

    private enum State: Equatable {
        case suspect
        /// By the request of that id.
        case triedHere(UInt64)
        case triedElsewhere
        case guilty
    }

    private struct Entry {
        var state: State
        var end: UInt64
    }

    private let nanoseconds: UInt64
    private var entries: [UInt64: Entry] = [:]

    /// - Parameter milliseconds: how long a guilty request is refused; 0: nothing is ever refused.
    init(milliseconds: Int) { nanoseconds = UInt64(milliseconds) * 1_000_000 }

    /// Nothing is known against anything.
    var isEmpty: Bool { entries.isEmpty }

    /// What is known about the request of that id.
    func find(_ fingerprint: UInt64, id: UInt64, at now: UInt64) -> Finding {
        guard let entry = entries[fingerprint], now < entry.end else { return .innocent }
        switch entry.state {
        case .suspect: return .suspect
        case .triedHere(id): return .suspect
        case .triedHere, .triedElsewhere: return .onTrial
        case .guilty: return .guilty
        }
    }

    /// A worker died over it.
    /// - Parameter wasAlone: with nothing else, as a trial is.
    /// - Returns: whether it is guilty now.
    mutating func strike(_ fingerprint: UInt64, wasAlone: Bool, at now: UInt64) -> Bool {
        guard nanoseconds > 0 else { return false }
        if wasAlone {
            set(fingerprint, .guilty, at: now)
            return true
        }
        if entries[fingerprint] == nil { set(fingerprint, .suspect, at: now) }
        return false
    }

    /// The request of that id is the one to be tried.
    mutating func tryHere(_ fingerprint: UInt64, id: UInt64) {
        entries[fingerprint]?.state = .triedHere(id)
    }

    /// The request of that id was answered by a worker.
    /// - Returns: whether that was its trial.
    mutating func answered(_ fingerprint: UInt64, id: UInt64) -> Bool {
        guard entries[fingerprint]?.state == .triedHere(id) else { return false }
        entries[fingerprint] = nil
        return true
    }

    /// The request of that id ended without having been tried: another one may be.
    mutating func left(_ fingerprint: UInt64, id: UInt64) -> Bool {
        guard entries[fingerprint]?.state == .triedHere(id) else { return false }
        entries[fingerprint]?.state = .suspect
        return true
    }

    /// What another proxy found out.
    mutating func heard(_ suspicion: Suspicion, at now: UInt64) {
        guard nanoseconds > 0 else { return }
        let known = entries[suspicion.fingerprint]?.state
        switch suspicion.verdict {
        case .guilty: set(suspicion.fingerprint, .guilty, at: now)
        case .onTrial:
            if known == nil || known == .suspect { set(suspicion.fingerprint, .triedElsewhere, at: now) }
        case .cleared:
            if known == .triedElsewhere || known == .suspect { entries[suspicion.fingerprint] = nil }
        }
    }

    /// Forgets what has had its time.
    /// - Returns: whether anything was forgotten.
    mutating func expire(at now: UInt64) -> Bool {
        let count = entries.count
        entries = entries.filter { now < $0.value.end }
        return entries.count < count
    }

    private mutating func set(_ fingerprint: UInt64, _ state: State, at now: UInt64) {
        if entries.count >= Self.capacity, entries[fingerprint] == nil,
            let soonest = entries.min(by: { $0.value.end < $1.value.end })?.key
        {
            entries[soonest] = nil
        }
        entries[fingerprint] = Entry(state: state, end: now + nanoseconds)
    }
}
