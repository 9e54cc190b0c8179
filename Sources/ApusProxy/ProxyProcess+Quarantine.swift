import ApusLoop
import ApusWire
import Logging

/// Requests over which workers die: each is tried once more, alone, and refused after that.
extension ProxyProcess {
    /// What the request is known by, in all proxies of this server and nowhere else.
    func fingerprint(of request: ProxyRequest, _ model: ServedModel) -> UInt64 {
        if let known = request.fingerprint { return known }
        var hash = SipHash(key: (settings.fingerprintKey0, settings.fingerprintKey1))
        hash.append(UInt64(model.route.name.utf8.count))
        model.label.withUnsafeBytes { hash.append($0) }
        hash.append(UInt64(request.endpoint.rawValue) << 8 | UInt64(request.coding.rawValue))
        hash.append(UInt64(bitPattern: request.inferenceHeaderByteCount))
        hash.append(request.body)
        let fingerprint = hash.finish()
        request.fingerprint = fingerprint
        return fingerprint
    }

    /// A worker died over the request, which was with it.
    /// - Returns: whether it is to blame.
    func strike(_ request: ProxyRequest, _ model: ServedModel) -> Bool {
        let fingerprint = fingerprint(of: request, model)
        let isGuilty = quarantine.strike(fingerprint, wasAlone: request.isAlone, at: Loop.nanoseconds)
        guard !quarantine.isEmpty else { return false }  // nothing is ever refused
        tell(fingerprint, isGuilty ? .guilty : .onTrial, model)
        if isGuilty { reviewHeld() }
        return isGuilty
    }

    /// A worker answered a request that was tried alone.
    func acquit(_ request: ProxyRequest, _ model: ServedModel) {
        let fingerprint = fingerprint(of: request, model)
        guard quarantine.answered(fingerprint, id: request.id) else { return }
        tell(fingerprint, .cleared, model)
        reviewHeld()
    }

    /// A request that was to be tried alone goes before it was.
    func endTrial(of request: ProxyRequest) {
        guard let model = request.model, let fingerprint = request.fingerprint,
            quarantine.left(fingerprint, id: request.id)
        else { return }
        tell(fingerprint, .cleared, model)
        reviewHeld()
    }

    /// Another proxy has found something out.
    func heard(_ suspicion: Suspicion) {
        quarantine.heard(suspicion, at: Loop.nanoseconds)
        if suspicion.verdict == .guilty {
            log.debug("told of a request that is refused", metadata: ["model": "\(suspicion.model)"])
        }
        reviewHeld()
    }

    /// Ten times a second.
    func expireQuarantine() {
        guard !quarantine.isEmpty, quarantine.expire(at: Loop.nanoseconds) else { return }
        reviewHeld()
    }

    private func tell(_ fingerprint: UInt64, _ verdict: Suspicion.Verdict, _ model: ServedModel) {
        report(.suspicion(Suspicion(fingerprint: fingerprint, verdict: verdict, model: model.route.name)))
    }

    /// What waited for a trial's end is looked at again.
    private func reviewHeld() {
        for model in allModels { model.releaseHeld() }
    }
}

extension ServedModel {
    /// Before requests are handed out: those that are known to end workers are taken out, and of those that may, one at
    /// a time goes on, alone.
    /// - Returns: those that were taken out, for `fail`.
    func screen(at now: UInt64) -> [ProxyRequest] {
        var guilty: [ProxyRequest] = []
        var next = queue.first
        while let request = next {
            next = request.next
            let fingerprint = proxy.fingerprint(of: request, self)
            switch proxy.quarantine.find(fingerprint, id: request.id, at: now) {
            case .innocent: break
            case .guilty:
                strand(request)
                guilty.append(request)
            case .onTrial: hold(request)
            case .suspect:
                proxy.quarantine.tryHere(fingerprint, id: request.id)
                request.isAlone = true
                request.crashCount = 1
            }
        }
        return guilty
    }

    private func hold(_ request: ProxyRequest) {
        queue.remove(request)
        held.append(request)
        request.isHeld = true
    }

    /// Back to where they were: before all that came later.
    func releaseHeld() {
        guard held.count > 0 else { return }
        var released: [ProxyRequest] = []
        while let request = held.popFirst() { released.append(request) }
        for request in released.reversed() {
            request.isHeld = false
            queue.prepend(request)
        }
        proxy.markDirty(self)
    }
}
