import Logging

/// Reloading (DESIGN §4): a new generation loads beside the old one, takes over in one step when all its workers
/// serve, and the old one ends when its requests are answered. One that cannot be loaded changes nothing.
extension Supervisor {
    /// SIGHUP, or `apus reload`.
    /// - Parameter onDone: told the refusals, one sentence a model; none when everything was replaced.
    func reload(onDone: (([String]) -> Void)? = nil) {
        guard !isStopping else {
            onDone?(["the server is stopping"])
            return
        }
        if let onDone { reloadWaiters.append((after: reloadCount + (reload == nil ? 1 : 2), onDone)) }
        if reload != nil {
            reload?.askedAgain()
        } else {
            beginReload()
        }
    }

    private func beginReload() {
        let wanted: [WantedModel]
        do throws(ReloadError) {
            wanted = try settings.locateAgain()
        } catch {
            log.error("reload refused", metadata: ["reason": "\(error)"])
            return finishReload(refusals: ["\(error)"])
        }
        log.info("reloading", metadata: ["models": "\(wanted.count)"])
        retireUnwanted(wanted)
        candidates = wanted.map { ModelPool($0, generation: takeGeneration(), supervisor: self) }
        reload = Reload(generations: candidates.map(\.generation))
        changed()
    }

    /// A model that is in no file any more ends; its requests are answered first.
    private func retireUnwanted(_ wanted: [WantedModel]) {
        for pool in pools where !wanted.contains(where: { $0.name == pool.wanted.name }) {
            pool.log.info("model removed")
            retire(pool)
        }
        pools.removeAll { pool in retiring.contains { $0 === pool } }
    }

    /// Once a turn: candidates that serve take over, those that failed are given up.
    func settleReload() {
        for candidate in candidates {
            if let refusal = candidate.refusal {
                giveUp(candidate, refusal)
            } else if candidate.isComplete {
                promote(candidate)
            }
        }
        for pool in retiring where pool.isGone { snapshots.remove(generation: pool.generation) }
        retiring.removeAll { $0.isGone }
        guard let reload, reload.isDone else { return }
        finishReload(refusals: reload.refusals)
    }

    private func promote(_ candidate: ModelPool) {
        candidates.removeAll { $0 === candidate }
        if let index = pools.firstIndex(where: { $0.wanted.name == candidate.wanted.name }) {
            retire(pools[index])
            pools[index] = candidate
        } else {
            pools.append(candidate)
        }
        candidate.log.info("model reloaded", metadata: ["generation": "\(candidate.generation)"])
        reload?.ended(candidate.generation, model: candidate.wanted.name, .replaced)
    }

    private func giveUp(_ candidate: ModelPool, _ refusal: String) {
        candidates.removeAll { $0 === candidate }
        retire(candidate)
        let serving = pools.first { $0.wanted.name == candidate.wanted.name }
        serving?.lastRefusal = refusal
        candidate.log.error(
            "reload refused; the old version serves on", metadata: ["reason": "\(refusal)"])
        reload?.ended(candidate.generation, model: candidate.wanted.name, .refused(refusal))
    }

    private func retire(_ pool: ModelPool) {
        pool.retire()
        retiring.append(pool)
    }

    private func finishReload(refusals: [String]) {
        let again = reload?.isWantedAgain ?? false
        reload = nil
        reloadCount += 1
        lastRefusals = refusals
        let told = reloadWaiters.filter { $0.after <= reloadCount }
        reloadWaiters.removeAll { $0.after <= reloadCount }
        for waiter in told { waiter.onDone(refusals) }
        if again { beginReload() }
    }
}

/// Why a reload could not even begin. The sentence is complete.
package struct ReloadError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
