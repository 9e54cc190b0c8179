import Testing

@testable import ApusSupervisor

@Suite("Worker slot")
struct WorkerSlotTests {
    /// A slot that has come as far as `state`.
    static func slot(_ state: WorkerSlot.State) -> WorkerSlot {
        var slot = WorkerSlot()
        if state == .empty { return slot }
        _ = slot.fill(serial: 7, at: 0)
        if state == .forking { return slot }
        slot.forked(100)
        if state == .starting { return slot }
        _ = slot.becameReady(at: 0)
        return slot
    }

    @Test("an empty slot asks for a fork; one that is filled does not")
    func fill() {
        var slot = WorkerSlot()
        #expect(slot.fill(serial: 7, at: 0) == .fork)
        #expect(slot.state == .forking && slot.serial == 7)
        for state in [WorkerSlot.State.forking, .starting, .serving] {
            var filled = Self.slot(state)
            #expect(filled.fill(serial: 8, at: 0) == .none)
            #expect(filled.state == state && filled.serial == 7)
        }
    }

    @Test("a worker that is ready is announced, once")
    func ready() {
        var slot = Self.slot(.starting)
        #expect(slot.becameReady(at: 0) == .announce)
        #expect(slot.state == .serving)
        #expect(slot.becameReady(at: 0) == .none)
    }

    @Test("ready that comes after the exit was seen does nothing", arguments: [
        WorkerSlot.State.empty, .forking,
    ])
    func lateReady(_ state: WorkerSlot.State) {
        var slot = Self.slot(state)
        #expect(slot.becameReady(at: 0) == .none)
        #expect(slot.state == state)
    }

    @Test("a worker that ends leaves its slot empty, is withdrawn if it served, and counted if it lived", arguments: [
        (WorkerSlot.State.forking, WorkerSlot.Action.none, 0), (.starting, .none, 1), (.serving, .withdraw, 1),
    ])
    func ends(state: WorkerSlot.State, action: WorkerSlot.Action, restarts: Int) {
        var slot = Self.slot(state)
        #expect(slot.ended(at: 50, jitter: 0) == action)
        #expect(slot.state == .empty && slot.processID == 0 && slot.restartCount == restarts)
        #expect(slot.fill(serial: 8, at: 50) == .fork, "the first restart is immediate")
    }

    @Test("only one that serves is worn, and who takes its place is not")
    func worn() {
        for state in [WorkerSlot.State.empty, .forking, .starting] {
            var slot = Self.slot(state)
            slot.wornOut(isOverLimit: true)
            #expect(!slot.isWorn && !slot.isOverLimit)
        }
        var slot = Self.slot(.serving)
        slot.wornOut()
        #expect(slot.isWorn && !slot.isOverLimit && !slot.isSound)
        slot.wornOut(isOverLimit: true)
        #expect(slot.isWorn && slot.isOverLimit)
        _ = slot.ended(at: 0, jitter: 0)
        #expect(!slot.isWorn && !slot.isOverLimit)
    }

    @Test("a worker that dies again and again is forked again only when its time has come")
    func backoff() {
        var slot = Self.slot(.serving)
        _ = slot.ended(at: 0, jitter: 0)
        _ = slot.fill(serial: 8, at: 0)
        slot.forked(101)
        _ = slot.ended(at: 0, jitter: 0)
        #expect(slot.fill(serial: 9, at: 99) == .none)
        #expect(slot.readyAt == 100)
        #expect(slot.fill(serial: 9, at: 100) == .fork)
    }

    @Test("whatever happens, what is announced is withdrawn, and a process is known while it lives", arguments: 1...4)
    func walk(seed: UInt64) {
        var random = FixedRandom(seed: seed)
        var slot = WorkerSlot()
        var now: UInt64 = 0
        var serial: UInt32 = 0
        var announced = 0
        var forks = 0
        for step in 0..<5_000 {
            now += UInt64.random(in: 0...200, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let mayFork = slot.state == .empty && now >= slot.readyAt
                serial += 1
                let action = slot.fill(serial: serial, at: now)
                #expect((action == .fork) == mayFork, "step \(step)")
                if action == .fork { forks += 1 }
            case 1:
                if slot.state == .forking { slot.forked(Int32(step + 1)) }
            case 2:
                if slot.becameReady(at: 0) == .announce { announced += 1 }
            default:
                guard slot.state != .empty else { continue }
                if slot.ended(at: now, jitter: .random(in: -1...1, using: &random)) == .withdraw {
                    announced -= 1
                }
                #expect(slot.readyAt >= now && slot.readyAt <= now + 6_000, "step \(step)")
            }
            #expect(announced == (slot.state == .serving ? 1 : 0), "step \(step)")
            let lives = slot.state == .starting || slot.state == .serving
            #expect((slot.processID != 0) == lives, "step \(step)")
        }
        #expect(forks > 50 && slot.restartCount <= forks)
    }
}

/// Xorshift, 64 bits (Marsaglia, "Xorshift RNGs", 2003): the same walk each time.
struct FixedRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
