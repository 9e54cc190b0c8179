/// What the service manager is to know of the server at one moment.
struct ServiceState: Equatable {
    enum Phase: Equatable {
        /// Not every model serves yet.
        case starting
        /// It answers.
        case serving
        /// It takes no new clients and ends.
        case stopping(withinMilliseconds: UInt64)
    }

    var phase: Phase
    /// A new generation is being loaded.
    var isReloading = false
    /// How many reloads have ended, for better or worse.
    var reloadCount = 0
    /// A sentence for `systemctl status`.
    var status: String
}

/// Tells the service manager what has changed, from one state of the server to the next.
///
///     nothing ──serving──▶ READY ──a reload──▶ RELOADING ──its end──▶ READY … ──stopping──▶ STOPPING
///
/// A reload that begins and ends between two looks is told all the same: whoever asked waits for both messages.
struct ServiceReport {
    private var told: ServiceState?

    /// - Parameter now: microseconds of CLOCK_MONOTONIC.
    /// - Returns: what to send, in this order; nothing when nothing has changed.
    mutating func notices(for state: ServiceState, now: UInt64) -> [ServiceNotice] {
        defer { told = state }
        switch (told?.phase ?? .starting, state.phase) {
        case (.stopping, _):
            return []  // that was the last word
        case (.starting, .stopping(let milliseconds)), (.serving, .stopping(let milliseconds)):
            return [.stopping(microseconds: milliseconds * 1000, status: state.status)]
        case (.starting, .serving):
            return [.ready(status: state.status)] + (state.isReloading ? [reloading(state, now)] : [])
        case (.serving, .serving):
            return reloads(state, now)
        case (.starting, .starting), (.serving, .starting):
            return state.status == told?.status ? [] : [.status(state.status)]
        }
    }

    private func reloads(_ state: ServiceState, _ now: UInt64) -> [ServiceNotice] {
        guard let told else { preconditionFailure("a server that serves has been told of") }
        var notices: [ServiceNotice] = []
        if state.reloadCount != told.reloadCount {
            if !told.isReloading { notices.append(reloading(state, now)) }
            notices.append(.ready(status: state.status))
            if state.isReloading { notices.append(reloading(state, now)) }
        } else if state.isReloading && !told.isReloading {
            notices.append(reloading(state, now))
        } else if state.status != told.status {
            notices.append(.status(state.status))
        }
        return notices
    }

    private func reloading(_ state: ServiceState, _ now: UInt64) -> ServiceNotice {
        .reloading(at: now, status: state.status)
    }
}
