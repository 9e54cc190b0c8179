import ApusLoop
import Logging

/// A generation that took over a while ago, and the one before it, whose template is kept to return at once
/// (HARDENING §2).
struct Probation {
    /// So many workers may crash: a request that is the cause itself takes two with it.
    static let crashLimit = 2

    /// The generation that is watched.
    let generation: UInt32
    /// On the loop's clock.
    let until: UInt64
    let predecessor: ModelPool
    var crashCount = 0
    /// The predecessor forks its workers.
    var isFailed = false
}

extension Supervisor {
    /// `old` serves no more. It ends, or is kept while `new` is on probation; not when both are the same files with
    /// the same settings. Of several generations within one probation the first, which had passed its own, is kept.
    func stepDown(_ old: ModelPool, for new: ModelPool?) {
        var predecessor = old
        if let index = probations.firstIndex(where: { $0.generation == old.generation }) {
            predecessor = probations.remove(at: index).predecessor
            retire(old)
        }
        guard let new, settings.probationMilliseconds > 0, predecessor.canReturn, !predecessor.isSame(as: new),
            !probations.contains(where: { $0.generation == new.generation })
        else { return retire(predecessor) }
        predecessor.rest()
        let until = now + UInt64(settings.probationMilliseconds)
        probations.append(Probation(generation: new.generation, until: until, predecessor: predecessor))
    }

    /// A worker ended by itself, or was killed because it was stuck.
    func workerCrashed(in pool: ModelPool, _ reason: ExitReason) {
        guard let index = probations.firstIndex(where: { $0.generation == pool.generation }) else { return }
        probations[index].crashCount += 1
        guard probations[index].crashCount > Probation.crashLimit, !probations[index].isFailed else { return }
        probations[index].isFailed = true
        let predecessor = probations[index].predecessor
        predecessor.lastRefusal =
            "rolled back from version \(pool.wanted.version) (generation \(pool.generation)): "
            + "\(probations[index].crashCount) of its workers crashed, the last by \(reason)"
        refusedDigests[pool.wanted.label] = pool.snapshot?.digest
        pool.log.error("rolling back", metadata: ["reason": "\(predecessor.reason)"])
        predecessor.wake()
        changed()
    }

    /// Once a turn: predecessors that serve again take their place back, those that are not needed end.
    func settleProbations() {
        for probation in probations {
            if !probation.isFailed {
                if now >= probation.until { pass(probation) }
            } else if probation.predecessor.isComplete {
                rollBack(probation)
            }
        }
    }

    private func pass(_ probation: Probation) {
        probations.removeAll { $0.generation == probation.generation }
        log.info("probation passed", metadata: ["generation": "\(probation.generation)"])
        retire(probation.predecessor)
    }

    private func rollBack(_ probation: Probation) {
        probations.removeAll { $0.generation == probation.generation }
        guard let index = pools.firstIndex(where: { $0.generation == probation.generation }) else {
            return retire(probation.predecessor)
        }
        let failed = pools[index]
        pools[index] = probation.predecessor
        failed.countRollback()
        probation.predecessor.log.warning(
            "rolled back", metadata: ["generation": "\(probation.predecessor.generation)"])
        retire(failed)
    }
}
