import ApusLoop
import ApusWire
import Logging

/// Links that end: with their workers, as a rule.
extension ProxyProcess {
    /// So many workers killed from outside over one request are no accident (an out-of-memory killer, say).
    private static let externalDeathLimit = 20
    /// How long the supervisor may take to say how a worker died.
    private static let verdictNanoseconds: UInt64 = 2_000_000_000

    /// The link's socket ended. What it had waits for the supervisor to say how the worker died.
    func linkLost(_ link: WorkerLink, _ model: ServedModel) {
        if let death = deaths.removeValue(forKey: link.serial) {
            resolve(link, model, death)
        } else {
            lostLinks.append((link, model))
        }
    }

    func workerExited(_ serial: UInt32, _ death: WorkerDeath) {
        if let index = lostLinks.firstIndex(where: { $0.link.serial == serial }) {
            let lost = lostLinks.remove(at: index)
            resolve(lost.link, lost.model, death)
            return
        }
        for model in allModels {
            guard let link = model.links.first(where: { $0.serial == serial }) else { continue }
            if link.state == .closed || link.state == .resting { model.end(link) } else { deaths[serial] = death }
        }
    }

    /// A link that was never connected is never lost.
    func forgetDeaths() {
        guard !deaths.isEmpty else { return }
        let open = Set(allModels.flatMap(\.links).filter { $0.state != .closed }.map(\.serial))
        deaths = deaths.filter { open.contains($0.key) }
    }

    /// Finds each request of a lost link its place (HARDENING §2, "Who died why").
    /// - Parameter death: the supervisor's word; nil when it has said nothing, so that the worker lives most likely.
    private func resolve(_ link: WorkerLink, _ model: ServedModel, _ death: WorkerDeath?) {
        for request in link.takeOrphans().reversed() {
            if death != nil { request.readerHasEnded() }
            // One that is too slow is answered 504 each time, and may be quicker another day.
            let isGuilty = death == .crash && strike(request, model)
            if request.connection == nil {
                model.forget(request)
                release(request)
                continue
            }
            switch death {
            case .external:
                request.externalDeathCount += 1
                if request.externalDeathCount > Self.externalDeathLimit {
                    fail(request, .noWorker(model: model.route.name))
                } else {
                    model.requeue(request)
                }
            case .crash, .deadline, nil:
                request.crashCount += 1
                if isGuilty || request.crashCount > 1 {
                    fail(request, .poisonInput(model: model.route.name))
                } else {
                    request.isAlone = true
                    model.requeue(request)
                }
            }
        }
        if death == nil && model.wants(link) { link.rest() } else { model.end(link) }
    }

    /// Ten times a second.
    func resolveUnexplained() {
        let now = Loop.nanoseconds
        while let lost = lostLinks.first, now > lost.link.lostAt + Self.verdictNanoseconds {
            lostLinks.removeFirst()
            log.warning("a link ended, and not its worker", metadata: ["serial": "\(lost.link.serial)"])
            resolve(lost.link, lost.model, nil)
        }
    }

    // MARK: Links without a socket

    /// The link has no socket, and its worker lives, as far as it knows.
    func linkRests(_ link: WorkerLink, _ model: ServedModel) {
        guard deaths.removeValue(forKey: link.serial) == nil else { return model.end(link) }
        if !restingLinks.contains(where: { $0 === link }) { restingLinks.append(link) }
    }

    /// Ten times a second.
    func connectAgain() {
        guard !restingLinks.isEmpty else { return }
        let now = Loop.nanoseconds
        let due = restingLinks.filter { $0.isDue(at: now) }
        restingLinks.removeAll { $0.state != .resting || $0.isDue(at: now) }
        for link in due { link.connectAgain() }
    }
}
