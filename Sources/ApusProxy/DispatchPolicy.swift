import ApusWire

/// What the choice of a worker goes by.
protocol WorkerLoad {
    /// There is room for one more group.
    var hasCredit: Bool { get }
    /// Requests handed out and not answered.
    var inHandCount: Int { get }
    /// When the last group was handed out, nanoseconds of CLOCK_MONOTONIC.
    var handedAt: UInt64 { get }
}

/// Which worker gets how many of the requests that wait (DESIGN §3, "Batching without waiting").
///
/// An idle worker gets what waits at once. While others work, what waits may be so little that a run of its own is
/// a waste: then it stays in the queue until it has grown or a worker is done, which is never long.
///
/// More workers than there are processors for take time from each other, and from the proxies that feed them; and the
/// fewer rows each gets, the dearer they are. So when as many work as have a processor, one more is woken only for what
/// these will not be done with soon.
struct DispatchPolicy {
    /// The most requests handed out in one group; the worker makes runs of them.
    static let groupLimit = 64
    /// Work below this is not worth waking another worker for: a wake-up and its switches cost about a tenth.
    static let spreadNanoseconds: UInt64 = 200_000
    /// A worker that has less work than this, and got it no longer ago, is done soon: others may wait for that.
    static let soonNanoseconds: UInt64 = 1_000_000
    /// What a worker waits for its next group, if it had only one: less work is not worth a second one.
    static let gapNanoseconds: UInt64 = 50_000
    /// An idle worker is woken for a quarter of what another has, or more.
    static let leastPartDivisor = 4
    /// Of requests that run one by one, a group has no more work than this: what is handed out can go to nobody else.
    static let singleGroupNanoseconds: UInt64 = 4_000_000

    /// What a request costs its worker.
    var requestNanoseconds: UInt64
    /// Requests share runs.
    var isBatched: Bool
    /// How many processors proxies and workers share.
    var processorCount: Int
    /// Which proxy this is, from 0: each prefers another worker.
    var proxyIndex = 0

    /// - Parameters:
    ///   - waiting: how many requests wait, at least one.
    ///   - mayHold: little may wait for more; false when it has no room to.
    /// - Returns: nil when what waits stays where it is.
    func choose<Worker: WorkerLoad>(
        among workers: [Worker], waiting: Int, at now: UInt64, mayHold: Bool = true
    ) -> (worker: Worker, count: Int)? {
        let unused = parallelCount - workers.count { $0.inHandCount > 0 }
        let worthwhile = max(1, count(in: unused > 0 ? Self.spreadNanoseconds : Self.soonNanoseconds))
        var chosen: Worker?
        var chosenTakesMore = false
        var freeCount = 0
        var mostInHand = 0
        for index in workers.indices {
            let worker = workers[(index + proxyIndex) % workers.count]
            let inHand = worker.inHandCount
            let isSoonDone = inHand > 0 && isSoonDone(worker, at: now)
            if isSoonDone { mostInHand = max(mostInHand, inHand) }
            guard worker.hasCredit else { continue }
            freeCount += 1
            let takesMore = inHand == 0 || isSoonDone && inHand < worthwhile
            // The first one that takes more; where none does, the one that has least.
            let isBetter = chosen.map { !chosenTakesMore && (takesMore || inHand < $0.inHandCount) } ?? true
            if isBetter { (chosen, chosenTakesMore) = (worker, takesMore) }
        }
        guard let chosen else { return nil }
        let inHand = chosen.inHandCount
        if mayHold, waiting < least(for: chosen, mostInHand, hasProcessor: unused > 0, at: now) { return nil }
        let shareCount = max(1, min(freeCount, unused))
        let share = (waiting + shareCount - 1) / shareCount
        return (chosen, min(max(share, worthwhile - inHand), groupLimit))
    }

    /// How many workers have a processor to themselves, by what is left when proxies have what they need.
    private var parallelCount: Int {
        let share = RequestCost.workerShare(workerNanoseconds: Double(requestNanoseconds))
        return max(1, Int((Double(processorCount) * share).rounded()))
    }

    /// How many have to wait for it to be worth a group. Behind a worker's last group: another such group.
    private func least(
        for worker: some WorkerLoad, _ mostInHand: Int, hasProcessor: Bool, at now: UInt64
    ) -> Int {
        if worker.inHandCount == 0 {
            guard mostInHand > 0, !hasProcessor else { return mostInHand / Self.leastPartDivisor }
            return count(in: Self.soonNanoseconds)
        }
        guard isSoonDone(worker, at: now) else { return 0 }
        return max(worker.inHandCount, count(in: Self.gapNanoseconds))
    }

    private func isSoonDone(_ worker: some WorkerLoad, at now: UInt64) -> Bool {
        UInt64(worker.inHandCount) * requestNanoseconds < Self.soonNanoseconds
            && now &- worker.handedAt < Self.soonNanoseconds
    }

    /// How many requests cost so much.
    private func count(in nanoseconds: UInt64) -> Int { Int(nanoseconds / max(1, requestNanoseconds)) }

    private var groupLimit: Int {
        isBatched ? Self.groupLimit : max(1, min(Self.groupLimit, count(in: Self.singleGroupNanoseconds)))
    }
}
