import Logging

/// Reloading (DESIGN §4): a new generation loads beside the old one, takes over in one step when all its workers
/// serve, and the old one ends when its requests are answered. One that cannot be loaded changes nothing.
extension Supervisor {
    /// Begins now, or when the reload that is under way has ended. What SIGHUP and `apus reload` ask for is a new
    /// generation of every model, even of one whose files are the same.
    func reload(_ request: ReloadRequest = ReloadRequest()) {
        guard !isStopping else { return request.end([.stopping]) }
        guard mayBeginReload else { return waitingReloads.add(request) }
        begin(request)
    }

    /// Once a turn.
    func beginWaitingReload() {
        if mayBeginReload, let next = waitingReloads.next() { begin(next) }
    }

    /// What the one before has replaced is gone from memory, so that there are never three of a model; but a template
    /// that stands still is not waited for.
    private var mayBeginReload: Bool {
        reload == nil && !retiring.contains { $0.template != nil && now < $0.retiredAt + Self.retireMilliseconds }
    }

    private static let retireMilliseconds: UInt64 = 1_000
    /// How often is looked whether a reload that waits may begin.
    static let waitingReloadMilliseconds: UInt64 = 100

    /// What was refused for a reason that may pass is tried again when its time has come. A reload that is asked for
    /// meanwhile comes first.
    func retryReload() {
        guard !isStopping, reload == nil, let request = retries.next(at: now) else { return }
        begin(request)
    }

    private func begin(_ request: ReloadRequest) {
        reloadRequest = request
        if !request.isRetry { retries.forget(models: request.names) }
        var wanted: [WantedModel] = []
        do throws(ReloadError) {
            wanted = try modelsToLoad(for: request)
        } catch where request.isRetry {
            return finish([])  // it waits again
        } catch {
            log.error("reload refused", metadata: ["reason": "\(error)"])
            return finish([ReloadRefusal(sentence: error.description)])
        }
        modelWatch?.take(wanted, names: request.names)
        if !request.isRetry { unserved = unserved.filter { !request.includes($0.value.model) } }
        let loaded = wanted.filter { request.loads($0.version) }
        log.log(
            level: request.isRetry ? .debug : .info, request.isRetry ? "reloading again" : "reloading",
            metadata: [
                "versions": "\(loaded.count)", "files_changed": "\(request.isAutomatic)",
                "models": "\(request.names.map { $0.sorted().joined(separator: ",") } ?? "all")",
            ])
        removeUnwanted(wanted, request)
        wantedVersions = Dictionary(grouping: wanted, by: \.name).mapValues { Set($0.map(\.version)) }
        candidates = loaded.map { candidate(for: $0, request) }
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
        // A try waits for nobody who writes to the files, and takes those that serve when that was asked for.
        let knownDigests = request.isAutomatic ? known : request.isRetry ? [] : nil
        let candidate = ModelPool(
            wanted, generation: takeGeneration(), knownDigests: knownDigests, supervisor: self)
        candidate.allowsSchemaChange = request.allowsSchemaChange || settings.allowsSchemaChange
        return candidate
    }

    /// A model that is in no file any more ends; its requests are answered first. One that was named serves on from
    /// its copy when its files are gone.
    private func removeUnwanted(_ wanted: [WantedModel], _ request: ReloadRequest) {
        guard !request.isRetry else { return }
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
                if isUnfinished, reloadRequest?.isAutomatic == false {
                    giveUp(candidate, Refusal(sentence: reason, mayPass: true))
                    continue
                }
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
        unserved[wanted.label] = nil
        retries.ended(wanted.name, wanted.version)
        candidate.countReload()
        reload?.ended(candidate.generation, model: wanted.name, .replaced)
    }

    /// When every version of a model that is wanted serves, those that are not wanted any more end. While one was
    /// refused, or is being written, they serve on.
    private func removeOldVersions() {
        guard let reload else { return }
        for (name, versions) in wantedVersions {
            guard !candidates.contains(where: { $0.wanted.name == name }), !reload.refused(name),
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

    private func giveUp(_ candidate: ModelPool, _ refusal: Refusal) {
        candidates.removeAll { $0 === candidate }
        retire(candidate)
        let wanted = candidate.wanted
        candidate.countRefusal()
        let isNew = remember(refusal, of: wanted, digest: candidate.snapshot?.digest)
        let servesOn = pools.contains { $0.wanted.name == wanted.name } ? "the old version serves on" : "it is not served"
        // Of tries that end alike the first has a line.
        candidate.log.log(
            level: isNew ? .error : .debug,
            refusal.mayPass ? "reload refused for now; \(servesOn)" : "reload refused; \(servesOn)",
            metadata: ["reason": "\(refusal.sentence)"])
        let answer = refusal.mayPass ? "\(refusal.sentence); it is tried again by itself" : refusal.sentence
        reload?.ended(candidate.generation, model: wanted.name, .refused(answer))
    }

    /// For status and for the reloads to come.
    /// - Returns: whether that is new.
    private func remember(_ refusal: Refusal, of wanted: WantedModel, digest: String?) -> Bool {
        var isNew = true
        if refusal.mayPass {
            isNew = retries.refused(
                wanted.name, wanted.version, reason: refusal.sentence, reloadRequest ?? ReloadRequest(), at: now,
                jitter: .random(in: -1...1))
        } else {
            retries.ended(wanted.name, wanted.version)
            refusedDigests[wanted.label] = digest
        }
        let words = refusal.mayPass ? "reload refused for now, tried again and again" : "reload refused"
        let serving = pools.filter { $0.wanted.name == wanted.name }
        for pool in serving { pool.lastRefusal = "\(words): \(refusal.sentence)" }
        if serving.isEmpty {
            unserved[wanted.label] = UnservedVersion(
                model: wanted.name, version: wanted.version, reason: "\(words): \(refusal.sentence)")
        }
        return isNew
    }

    private func decline(_ candidate: ModelPool, _ reason: String) {
        candidates.removeAll { $0 === candidate }
        retire(candidate)
        let serving = pool(of: candidate.wanted.name, candidate.wanted.version)
        // The files are again those that serve: that others were refused is over.
        if let digest = candidate.snapshot?.digest, digest == serving?.snapshot?.digest { serving?.lastRefusal = nil }
        retries.ended(candidate.wanted.name, candidate.wanted.version)
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

    private func finish(_ refusals: [ReloadRefusal]) {
        let found = Set(wantedVersions.keys)
        if let reload { forgetRefusals(before: reload) }
        reload = nil
        let ended = reloadRequest
        reloadRequest = nil
        wantedVersions = [:]
        reloadCount += 1
        if let ended, ended.isRetry {
            retries.finished(ended, found: found, at: now, jitter: .random(in: -1...1))
        }
        // What it did not look at is as it was.
        let names = ended?.names
        lastRefusals.removeAll { refusal in names.map { $0.contains(refusal.model ?? "") } ?? true }
        lastRefusals += refusals.filter { !lastRefusals.contains($0) }
        ended?.end(refusals)
        changed()
    }

    /// The server ends before the reloads that were asked for: whoever waits for one is told.
    func abandonReloads() {
        let requests = [reloadRequest].compactMap { $0 } + waitingReloads.waiting
        reloadRequest = nil
        waitingReloads.removeAll()
        for request in requests { request.end([.stopping]) }
    }

    /// Of a model all of whose wanted versions serve now, nothing that was refused before matters any more.
    private func forgetRefusals(before reload: Reload) {
        let taken = pools.filter { reload.generations.contains($0.generation) }.map(\.wanted.name)
        for pool in pools where taken.contains(pool.wanted.name) && !reload.refused(pool.wanted.name) {
            pool.lastRefusal = nil
        }
    }

    /// The generation that serves that version.
    func pool(of name: String, _ version: Int) -> ModelPool? {
        pools.first { $0.wanted.name == name && $0.wanted.version == version }
    }
}

/// A version that is wanted and was refused, while none of its model serves.
struct UnservedVersion {
    var model: String
    var version: Int
    /// A sentence.
    var reason: String
}

/// Why a reload could not even begin. The sentence is complete.
package struct ReloadError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
