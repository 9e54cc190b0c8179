import ApusLoop
import ApusWire

/// One place for a worker in a pool, and the worker that fills it now.
///
///     empty ──fork──▶ forking ──forked──▶ starting ──ready──▶ serving
///       ▲                │ fork failed        │ exit             │ exit
///       └────────────────┴────────────────────┴──────────────────┘
struct WorkerSlot {
    enum State: Equatable {
        /// Waits for the backoff, or for a template.
        case empty
        /// The template was asked; it has not answered.
        case forking
        /// The process exists and has not said ready.
        case starting
        /// Takes requests.
        case serving
    }

    enum Action: Equatable { case none, fork, announce, withdraw }

    private(set) var state = State.empty
    private(set) var serial: UInt32 = 0
    private(set) var processID: Int32 = 0
    private(set) var restartCount = 0
    /// Its worker has asked to be replaced.
    private(set) var isWorn = false
    /// It holds more memory than it may.
    private(set) var isOverLimit = false
    /// When its worker became ready, on the clock of `now`.
    private var readySince: UInt64 = 0
    private var backoff = RestartBackoff(longest: 5_000)

    /// When an empty slot may be filled, on the clock of `now`.
    var readyAt: UInt64 { backoff.readyAt }

    /// Asks for a fork when the slot is empty and the backoff allows it.
    mutating func fill(serial next: UInt32, at now: UInt64) -> Action {
        guard state == .empty, backoff.allowsStart(at: now) else { return .none }
        state = .forking
        serial = next
        backoff.started(at: now)
        return .fork
    }

    mutating func forked(_ process: Int32) {
        precondition(state == .forking, "a fork is reported once, after it was asked for")
        state = .starting
        processID = process
    }

    mutating func becameReady(at now: UInt64) -> Action {
        switch state {
        case .starting:
            state = .serving
            readySince = now
            return .announce
        case .empty, .forking, .serving:
            return .none  // its exit was seen first; the exit wins
        }
    }

    /// The worker has served as much as it should, or will soon hold more memory than it may, or does.
    mutating func wornOut(isOverLimit: Bool = false) {
        isWorn = state == .serving
        self.isOverLimit = isWorn && isOverLimit
    }

    /// Takes requests, and goes on to.
    var isSound: Bool { state == .serving && !isWorn }

    /// Whether an end now would say something against the model: a worker that had served for a while and was
    /// ended from outside says nothing.
    func isSuspicious(at now: UInt64, fromOutside: Bool) -> Bool {
        switch state {
        case .empty, .forking: false
        case .starting: true
        case .serving: !fromOutside || now < readySince + Self.provenMilliseconds
        }
    }

    /// One that is ended from outside sooner than this again and again is ended by something that has to do with it.
    static let provenMilliseconds: UInt64 = 100

    /// The worker ended, could not be forked, or its template died before it answered.
    ///
    /// - Parameter fromOutside: a signal from outside ended it. One that served until then says nothing
    ///   against the next, which is started at once.
    mutating func ended(at now: UInt64, jitter: Double, fromOutside: Bool = false) -> Action {
        let wasServing = state == .serving
        if state == .starting || wasServing { restartCount += 1 }
        state = .empty
        processID = 0
        isWorn = false
        isOverLimit = false
        if !wasServing {
            backoff.failed(at: now, jitter: jitter)
        } else if !fromOutside {
            backoff.died(at: now, jitter: jitter)
        }
        return wasServing ? .withdraw : .none
    }
}
