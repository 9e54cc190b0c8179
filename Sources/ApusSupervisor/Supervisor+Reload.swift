import Logging

/// Reloading (DESIGN §4): a new generation loads beside the old one, takes over in one step when all its workers
/// serve, and the old one ends when its requests are answered. One that cannot be loaded changes nothing.
extension Supervisor {
    /// SIGHUP, or `apus reload`: a new generation of every model, even of one whose files are the same.
    func reload(onDone: (([String]) -> Void)? = nil) {
        reload(ReloadRequest(onDone: onDone.map { [$0] } ?? []))
    }

    /// Begins now, or when the reload that is under way has ended.
    func reload(_ request: ReloadRequest) {
        guard !isStopping else { return request.end(["the server is stopping"]) }
        guard reload == nil else { return waitingReloads.add(request) }
        begin(request)
    }

    private func begin(_ request: ReloadRequest) {
        reloadRequest = request
        var wanted: [WantedModel] = []
        do throws(ReloadError) {
            wanted = try modelsToLoad(for: request)
        } catch {
            log.error("reload refused", metadata: ["reason": "\(error)"])
            return finish([error.description])
        }
        modelWatch?.take(wanted, names: request.names)
        log.info("reloading", metadata: ["versions": "\(wanted.count)", "files_changed": "\(request.isAutomatic)"])
        removeUnwanted(wanted, request)
        wantedVersions = Dictionary(grouping: wanted, by: \.name).mapValues { Set($0.map(\.version)) }
        candidates = wanted.map { candidate(for: $0, request) }
        reload = Reload(generations: candidates.map(\.generation))
        changed()
    }

    private func modelsToLoad(for request: ReloadRequest) throws(ReloadError) -> [WantedModel] {
        let all = request.names == nil ? try settings.locateAgain() : settings.look()
        guard let all else { throw ReloadError("the repository cannot be read") }
        return all.filter { request.includes($0.name) && unloadedModels[$0.name] == nil }
    }

    private func candidate(for wanted: WantedModel, _ request: ReloadRequest) -> ModelPool {
        let serving = pool(of: wanted.name, wanted.version)
        let known = [serving?.snapshot?.digest, refusedDigests[wanted.label]].compactMap { $0 }
        let candidate = ModelPool(
            wanted, generation: takeGeneration(), knownDigests: request.isAutomatic ? known : nil, supervisor: self)
        candidate.allowsSchemaChange = request.allowsSchemaChange || settings.allowsSchemaChange
        return candidate
    }

    /// A model that is in no file any more ends; its requests are answered first. One that was named serves on from
    /// its copy when its files are gone.
    private func removeUnwanted(_ wanted: [WantedModel], _ request: ReloadRequest) {
        for pool in pools where request.includes(pool.wanted.name) {
            guard !wanted.contains(where: { $0.name == pool.wanted.name }) else { continue }
            if request.isAutomatic && pool.wanted.isRequired {
                pool.log.warning("the model's files are gone; it serves on from its copy")
            } else {
                pool.log.info("model removed")
                pools.removeAll { $0 === pool }
                retire(pool)
            }
        }
    }

    /// Once a turn: candidates that serve take over, those that failed are given up.
    func settleReload() {
        for candidate in candidates {
            if case .declined(let reason, let isUnfinished) = candidate.state {
                if isUnfinished { modelWatch?.postpone(candidate.wanted.name) }
                decline(candidate, reason)
            } else if let refusal = candidate.refusal {
                giveUp(candidate, refusal)
            } else if candidate.isComplete {
                promote(candidate)
            }
        }
        removeOldVersions()
        for pool in retiring where pool.isGone { snapshots.remove(generation: pool.generation) }
        retiring.removeAll { $0.isGone }
    }

    /// Once a turn, when the proxies know what has changed: whoever waits for the reload is told.
    func finishReload() {
        guard let reload, reload.isDone else { return }
        finish(reload.refusals)
    }

    private func promote(_ candidate: ModelPool) {
        candidates.removeAll { $0 === candidate }
        let wanted = candidate.wanted
        let old = pool(of: wanted.name, wanted.version)
        candidate.log.info(
            "model reloaded",
            metadata: [
                "generation": "\(candidate.generation)", "digest": "\(candidate.snapshot?.digest ?? "")",
                "unchanged": "\(old?.snapshot == candidate.snapshot)",
            ])
        if let old, let index = pools.firstIndex(where: { $0 === old }) {
            pools[index] = candidate
            stepDown(old, for: candidate)
        } else {
            pools.append(candidate)
        }
        refusedDigests[wanted.label] = nil
        candidate.countReload()
        reload?.ended(candidate.generation, model: wanted.name, .replaced)
    }

    /// When every version of a model that is wanted serves, those that are not wanted any more end. While one was
    /// refused, or is being written, they serve on.
    private func removeOldVersions() {
        guard let reload else { return }
        for (name, versions) in wantedVersions {
            guard !candidates.contains(where: { $0.wanted.name == name }), !reload.refusedModels.contains(name),
                versions.allSatisfy({ pool(of: name, $0) != nil })
            else { continue }
            for old in pools where old.wanted.name == name && !versions.contains(old.wanted.version) {
                let new = pools.last { $0.wanted.name == name && reload.generations.contains($0.generation) }
                old.log.info("version removed")
                pools.removeAll { $0 === old }
                stepDown(old, for: new)
            }
        }
    }

    private func giveUp(_ candidate: ModelPool, _ refusal: String) {
        candidates.removeAll { $0 === candidate }
        retire(candidate)
        refusedDigests[candidate.wanted.label] = candidate.snapshot?.digest
        for serving in pools where serving.wanted.name == candidate.wanted.name {
            serving.lastRefusal = "reload refused: \(refusal)"
        }
        candidate.countRefusal()
        candidate.log.error(
            "reload refused; the old version serves on", metadata: ["reason": "\(refusal)"])
        reload?.ended(candidate.generation, model: candidate.wanted.name, .refused(refusal))
    }

    private func decline(_ candidate: ModelPool, _ reason: String) {
        candidates.removeAll { $0 === candidate }
        retire(candidate)
        candidate.log.info("nothing to reload", metadata: ["reason": "\(reason)"])
        reload?.ended(candidate.generation, model: candidate.wanted.name, .unchanged)
    }

    /// Ends a generation, and the one that was kept for its failure.
    func retire(_ pool: ModelPool) {
        if let index = probations.firstIndex(where: { $0.generation == pool.generation }) {
            let predecessor = probations.remove(at: index).predecessor
            predecessor.retire()
            retiring.append(predecessor)
        }
        pool.retire()
        retiring.append(pool)
    }

    private func finish(_ refusals: [String]) {
        reload = nil
        let ended = reloadRequest
        reloadRequest = nil
        wantedVersions = [:]
        reloadCount += 1
        lastRefusals = refusals
        ended?.end(refusals)
        changed()
        if let next = waitingReloads.next() { begin(next) }
    }

    /// The generation that serves that version.
    func pool(of name: String, _ version: Int) -> ModelPool? {
        pools.first { $0.wanted.name == name && $0.wanted.version == version }
    }
}

/// Why a reload could not even begin. The sentence is complete.
package struct ReloadError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
