import ApusLoop

/// What the service manager is told of the whole server.
extension Supervisor {
    /// What may still come after the drain's limit: processes are killed and reaped.
    private static let endMilliseconds: UInt64 = 10_000

    /// Stores our socket, so that a process that comes after a crash or a restart takes it over with the clients
    /// that wait in it, and begins to report.
    func startService() {
        if listener.replacesKept { service.send(.forget(name: ServerSocket.storedName)) }
        if listener.origin == .bound {
            service.send(.store(name: ServerSocket.storedName), passing: listener.descriptor)
        }
        service.isBusy = { [unowned self] in (pools + candidates).contains(where: \.isLoadingFirst) }
        service.start(on: loop)
        reportToService()
    }

    /// Once a turn.
    func reportToService() { service.tell(serviceState) }

    /// Clients of a socket that is held for us wait in its queue until the models serve; they came before us, and
    /// are to be answered and not refused.
    var acceptsClients: Bool {
        isReady || listener.origin == .bound || pools.allSatisfy(\.hasStarted)
    }

    private var serviceState: ServiceState {
        ServiceState(
            phase: phase, isReloading: reload != nil, reloadCount: reloadCount, status: serviceStatus)
    }

    private var phase: ServiceState.Phase {
        if isStopping {
            return .stopping(
                withinMilliseconds: UInt64(settings.drainMilliseconds) + Self.endMilliseconds)
        }
        return isReady ? .serving : .starting
    }

    private var serviceStatus: String {
        if case .modelFailed(_, let sentence) = exit { return sentence }
        if isStopping { return "draining" }
        let waiting = pools.filter { $0.routeState != .ready }
        var parts = ["\(pools.count - waiting.count) of \(pools.count) models ready on \(listenAddress)"]
        if reload != nil { parts.append("reloading") }
        if !lastRefusals.isEmpty { parts.append("reload refused: " + lastRefusals.map(\.description).joined(separator: "; ")) }
        parts += waiting.map { pool in
            let name = "\(pool.wanted.name)@\(pool.wanted.version)"
            return pool.reason.isEmpty ? "\(name) is \(pool.routeState)" : "\(name): \(pool.reason)"
        }
        return parts.joined(separator: "; ")
    }
}

extension ModelPool {
    /// Its first template loads; one that had to be started again is given no more time.
    fileprivate var isLoadingFirst: Bool { state == .loading && template != nil && templateRestartCount == 0 }

    /// It serves, or it is known that it will not serve soon: no client waits for it.
    var hasStarted: Bool { isServing || isGivenUpByStart || lastTemplateExit != nil }
}
