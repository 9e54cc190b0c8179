import ApusLoop

/// What a connection is being waited for. Each has one fixed length of time (HARDENING §1, row 18).
enum TimeoutKind: Int, CaseIterable {
    /// The first byte after the connection was made.
    case firstByte
    /// The whole head, from its first byte.
    case head
    /// The body, before its rate is looked at.
    case bodyGrace
    /// The body, until its rate is looked at again.
    case bodyRate
    /// Progress of a reader that takes its answer slowly.
    case write
    /// The next request.
    case idle
    /// The client's end, after we have said that we close.
    case linger
}

/// All connections by when their time is up: one first-in first-out list per kind, since all waits of a kind are
/// equally long. Looked at ten times a second, whatever the number of connections.
final class ConnectionTimeouts {
    static let tickMilliseconds: UInt64 = 100
    private static let rateCheckMilliseconds: UInt64 = 1_000
    private static let lingerMilliseconds: UInt64 = 2_000

    /// Unmanaged, since every request moves its connection: a connection stops its timeout before it goes.
    private struct List {
        var first: Unmanaged<ClientConnection>?
        var last: Unmanaged<ClientConnection>?
    }

    private var lists = InlineArray<7, List>(repeating: List())
    private let durations: [UInt64]

    init(_ settings: ProxyTimes) {
        precondition(TimeoutKind.allCases.count == lists.count, "there is a list for each kind")
        durations = TimeoutKind.allCases.map { kind in
            switch kind {
            case .firstByte: settings.firstByte
            case .head: settings.head
            case .bodyGrace: settings.bodyGrace
            case .bodyRate: Self.rateCheckMilliseconds
            case .write: settings.write
            case .idle: settings.idle
            case .linger: Self.lingerMilliseconds
            }
        }
    }

    /// Starts the wait anew. A connection waits for one thing at a time.
    func start(_ kind: TimeoutKind, for connection: ClientConnection, at now: UInt64) {
        stop(connection)
        connection.timeout = kind
        connection.timeoutAt = now + durations[kind.rawValue]
        let last = lists[kind.rawValue].last
        connection.timeoutPrevious = last
        let place = Unmanaged.passUnretained(connection)
        if let last {
            last._withUnsafeGuaranteedRef { $0.timeoutNext = place }
        } else {
            lists[kind.rawValue].first = place
        }
        lists[kind.rawValue].last = place
    }

    func stop(_ connection: ClientConnection) {
        guard let kind = connection.timeout?.rawValue else { return }
        let (previous, next) = (connection.timeoutPrevious, connection.timeoutNext)
        if let previous {
            previous._withUnsafeGuaranteedRef { $0.timeoutNext = next }
        } else {
            lists[kind].first = next
        }
        if let next {
            next._withUnsafeGuaranteedRef { $0.timeoutPrevious = previous }
        } else {
            lists[kind].last = previous
        }
        connection.timeoutPrevious = nil
        connection.timeoutNext = nil
        connection.timeout = nil
    }

    /// Tells each connection whose time is up.
    func expire(at now: UInt64) {
        for kind in TimeoutKind.allCases {
            while let first = lists[kind.rawValue].first?.takeUnretainedValue(), first.timeoutAt <= now {
                stop(first)
                first.timedOut(kind)
            }
        }
    }

    /// Gives every connection that much more time.
    func postpone(milliseconds: UInt64) {
        for kind in lists.indices {
            var connection = lists[kind].first
            while let current = connection?.takeUnretainedValue() {
                current.timeoutAt += milliseconds
                connection = current.timeoutNext
            }
        }
    }

    /// The connections that have waited longest for a next request, at most `count`.
    func oldestIdle(_ count: Int) -> [ClientConnection] {
        var found: [ClientConnection] = []
        var connection = lists[TimeoutKind.idle.rawValue].first
        while let current = connection?.takeUnretainedValue(), found.count < count {
            found.append(current)
            connection = current.timeoutNext
        }
        return found
    }
}

/// The lengths of time that can be set, in milliseconds.
struct ProxyTimes {
    var firstByte: UInt64
    var head: UInt64
    var bodyGrace: UInt64
    var write: UInt64
    var idle: UInt64
}
