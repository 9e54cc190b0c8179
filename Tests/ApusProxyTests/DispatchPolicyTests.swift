import Testing

@testable import ApusProxy

@Suite("Dispatch policy")
struct DispatchPolicyTests {
    struct Worker: WorkerLoad, Equatable, Sendable {
        var name: String
        var inHandCount: Int
        var hasCredit = true
        /// The clock stands at `now` in all tests.
        var handedAt: UInt64 = now - 50_000
    }

    static let now: UInt64 = 1_000_000_000

    /// 10 µs a request: a hundred are a millisecond, twenty are worth waking a worker for. Proxies need half of the
    /// processors then, and more than there are workers are left.
    static func choose(
        _ workers: [Worker], waiting: Int, cost: UInt64 = 10_000, isBatched: Bool = true, mayHold: Bool = true,
        processorCount: Int = 64
    ) -> Choice? {
        DispatchPolicy(requestNanoseconds: cost, isBatched: isBatched, processorCount: processorCount)
            .choose(among: workers, waiting: waiting, at: now, mayHold: mayHold)
            .map { Choice($0.worker.name, $0.count) }
    }

    struct Choice: Equatable, Sendable {
        let name: String
        let count: Int

        init(_ name: String, _ count: Int) { (self.name, self.count) = (name, count) }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let workers: [Worker]
        let waiting: Int
        let choice: Choice?
        var cost: UInt64 = 10_000
        var isBatched = true
        var mayHold = true
        var processorCount = 64
    }

    @Test("who gets how many", arguments: [
        Row(testDescription: "nobody has room", workers: [Worker(name: "a", inHandCount: 9, hasCredit: false)], waiting: 5,
            choice: nil),
        Row(testDescription: "an idle worker gets a single request at once", workers: [Worker(name: "a", inHandCount: 0)],
            waiting: 1, choice: Choice("a", 20)),
        Row(testDescription: "an even share where shares are worth waking", workers: [
            Worker(name: "a", inHandCount: 0), Worker(name: "b", inHandCount: 0)], waiting: 60, choice: Choice("a", 30)),
        Row(testDescription: "a group has a limit", workers: [Worker(name: "a", inHandCount: 0)], waiting: 500,
            choice: Choice("a", 64)),
        Row(testDescription: "who has little gets a second group, though another is idle", workers: [
            Worker(name: "a", inHandCount: 1), Worker(name: "b", inHandCount: 0)], waiting: 5, choice: Choice("a", 19)),
        Row(testDescription: "but not one that is done sooner than the first would be missed", workers: [
            Worker(name: "a", inHandCount: 1), Worker(name: "b", inHandCount: 0)], waiting: 4, choice: nil),
        Row(testDescription: "little waits for who has much", workers: [Worker(name: "a", inHandCount: 40)], waiting: 39,
            choice: nil),
        Row(testDescription: "as much as the worker has need not wait", workers: [Worker(name: "a", inHandCount: 40)],
            waiting: 40, choice: Choice("a", 40)),
        Row(testDescription: "an idle worker is not woken for less than a quarter", workers: [
            Worker(name: "a", inHandCount: 40), Worker(name: "b", inHandCount: 0)], waiting: 9, choice: nil),
        Row(testDescription: "for a quarter it is", workers: [
            Worker(name: "a", inHandCount: 40), Worker(name: "b", inHandCount: 0)], waiting: 10, choice: Choice("b", 20)),
        Row(testDescription: "also when who has much has no room", workers: [
            Worker(name: "a", inHandCount: 40, hasCredit: false), Worker(name: "b", inHandCount: 0)], waiting: 9, choice: nil),
        Row(testDescription: "nobody waits for who got its work long ago", workers: [
            Worker(name: "a", inHandCount: 19, handedAt: now - 2_000_000), Worker(name: "b", inHandCount: 0)], waiting: 1,
            choice: Choice("b", 20)),
        Row(testDescription: "nor for who has more than a millisecond of work", workers: [
            Worker(name: "a", inHandCount: 40), Worker(name: "b", inHandCount: 0)], waiting: 1, choice: Choice("b", 1),
            cost: 1_000_000),
        Row(testDescription: "of those that are all busy for long, who has least", workers: [
            Worker(name: "a", inHandCount: 40), Worker(name: "b", inHandCount: 30)], waiting: 1, choice: Choice("b", 1),
            cost: 1_000_000),
        Row(testDescription: "a full queue holds nothing back", workers: [Worker(name: "a", inHandCount: 40)], waiting: 2,
            choice: Choice("a", 2), mayHold: false),
        Row(testDescription: "requests that run one by one go in small groups", workers: [Worker(name: "a", inHandCount: 0)],
            waiting: 100, choice: Choice("a", 4), cost: 1_000_000, isBatched: false),
        Row(testDescription: "but at least one", workers: [Worker(name: "a", inHandCount: 0)], waiting: 100,
            choice: Choice("a", 1), cost: 40_000_000, isBatched: false),
    ])
    func chooses(_ row: Row) {
        let choice = Self.choose(
            row.workers, waiting: row.waiting, cost: row.cost, isBatched: row.isBatched, mayHold: row.mayHold,
            processorCount: row.processorCount)
        #expect(choice == row.choice)
    }

    @Test("on two processors, of which the proxy needs one", arguments: [
        Row(testDescription: "what waits is not shared out", workers: [
            Worker(name: "a", inHandCount: 0), Worker(name: "b", inHandCount: 0)], waiting: 60, choice: Choice("a", 60)),
        Row(testDescription: "a second group goes to who works already", workers: [
            Worker(name: "a", inHandCount: 40), Worker(name: "b", inHandCount: 0)], waiting: 40, choice: Choice("a", 60)),
        Row(testDescription: "what waits for who has no room stays", workers: [
            Worker(name: "a", inHandCount: 40, hasCredit: false), Worker(name: "b", inHandCount: 0)], waiting: 99,
            choice: nil),
        Row(testDescription: "unless it is a millisecond of work", workers: [
            Worker(name: "a", inHandCount: 40, hasCredit: false), Worker(name: "b", inHandCount: 0)], waiting: 100,
            choice: Choice("b", 64)),
        Row(testDescription: "or who works will not be done soon", workers: [
            Worker(name: "a", inHandCount: 128, hasCredit: false), Worker(name: "b", inHandCount: 0)], waiting: 1,
            choice: Choice("b", 64)),
        Row(testDescription: "or has been at it for long", workers: [
            Worker(name: "a", inHandCount: 1, hasCredit: false, handedAt: now - 1_000_000), Worker(name: "b", inHandCount: 0)],
            waiting: 1, choice: Choice("b", 64)),
        Row(testDescription: "requests that leave proxies idle are shared out", workers: [
            Worker(name: "a", inHandCount: 4, hasCredit: false), Worker(name: "b", inHandCount: 0)], waiting: 1,
            choice: Choice("b", 2), cost: 100_000),
        Row(testDescription: "a full queue holds nothing back", workers: [
            Worker(name: "a", inHandCount: 40, hasCredit: false), Worker(name: "b", inHandCount: 0)], waiting: 2,
            choice: Choice("b", 64), mayHold: false),
    ])
    func fewProcessors(_ row: Row) {
        let choice = Self.choose(
            row.workers, waiting: row.waiting, cost: row.cost, mayHold: row.mayHold, processorCount: 2)
        #expect(choice == row.choice)
    }

    @Test("each proxy prefers another worker", arguments: [(0, "a"), (1, "b"), (2, "c"), (3, "a")])
    func proxies(index: Int, name: String) {
        let workers = ["a", "b", "c"].map { Worker(name: $0, inHandCount: 0) }
        let policy = DispatchPolicy(requestNanoseconds: 10_000, isBatched: true, processorCount: 64, proxyIndex: index)
        #expect(policy.choose(among: workers, waiting: 1, at: Self.now)?.worker.name == name)
    }

    @Test("whatever the load: an idle machine takes what waits, and nobody without room gets anything")
    func randomLoads() {
        var random = FixedRandom(seed: 11)
        func below(_ limit: UInt64) -> Int { Int(random.next() % limit) }
        for _ in 0..<20_000 {
            let workers = (0..<1 + below(6)).map { index in
                Worker(
                    name: "\(index)", inHandCount: below(3) == 0 ? 0 : below(130), hasCredit: below(4) != 0,
                    handedAt: Self.now - UInt64(below(3_000_000)))
            }
            let (waiting, cost) = (1 + below(300), UInt64(1 + below(5_000_000)))
            let processorCount = 1 + below(64)
            let choice = Self.choose(
                workers, waiting: waiting, cost: cost, isBatched: below(2) == 0, processorCount: processorCount)
            if let choice {
                #expect(workers.contains { $0.name == choice.name && $0.hasCredit })
                #expect((1...DispatchPolicy.groupLimit).contains(choice.count))
            } else if workers.contains(where: \.hasCredit) {
                let mostInHand = workers.map(\.inHandCount).max() ?? 0
                let soon = Int(DispatchPolicy.soonNanoseconds / cost)
                #expect(waiting < max(mostInHand, soon), "only for who has more than that, or will be done soon")
                #expect(workers.contains { $0.inHandCount > 0 && Self.now - $0.handedAt < DispatchPolicy.soonNanoseconds })
            }
            #expect(
                Self.choose(
                    workers, waiting: waiting, cost: cost, mayHold: false, processorCount: processorCount) != nil
                    || !workers.contains(where: \.hasCredit))
        }
    }
}
