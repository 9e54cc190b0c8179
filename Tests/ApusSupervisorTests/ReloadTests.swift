import Testing

@testable import ApusSupervisor

@Suite("Reload")
struct ReloadTests {
    @Test("it is done when every generation has taken over or was given up")
    func done() {
        var reload = Reload(generations: [4, 5])
        #expect(!reload.isDone)
        reload.ended(5, model: "b", .refused("it is damaged"))
        #expect(!reload.isDone)
        reload.ended(4, model: "a", .replaced)
        #expect(reload.isDone)
        #expect(reload.refusals.map(\.description) == ["b: it is damaged"])
    }

    @Test("a generation that is not part of it changes nothing")
    func stranger() {
        var reload = Reload(generations: [4])
        reload.ended(3, model: "a", .refused("too late"))
        #expect(!reload.isDone)
        #expect(reload.refusals.isEmpty)
    }

    @Test("however often it is asked for meanwhile, it is wanted once more of each kind, and all are told")
    func coalesces() {
        var queue = ReloadQueue()
        var told: [String] = []
        for number in 0..<3 {
            queue.add(ReloadRequest(onDone: [{ _ in told.append("all \(number)") }]))
            queue.add(ReloadRequest(names: ["m\(number)"], isAutomatic: true))
        }
        queue.add(ReloadRequest(names: ["m9"], onDone: [{ told += $0.map(\.description) }]))
        let all = queue.next()
        #expect(all?.names == nil && all?.isAutomatic == false)
        all?.end([])
        #expect(told == ["all 0", "all 1", "all 2"])
        let changed = queue.next()
        #expect(changed?.names == ["m0", "m1", "m2"] && changed?.isAutomatic == true)
        #expect(changed?.includes("m1") == true && changed?.includes("m9") == false)
        queue.next()?.end([ReloadRefusal(model: "m9", sentence: "refused")])
        #expect(told.last == "m9: refused")
        #expect(queue.next() == nil)
    }

    @Test("of several that wait together each is told what concerns it")
    func concerns() {
        let other = ReloadRefusal(model: "b", sentence: "it is damaged")
        #expect(other.concerns("b") && !other.concerns("a"))
        #expect(ReloadRefusal.stopping.concerns("a") && ReloadRefusal.stopping.description == "the server is stopping")
    }

    @Test("a model whose files are the same is neither replaced nor refused")
    func unchanged() {
        var reload = Reload(generations: [4, 5])
        reload.ended(4, model: "a", .unchanged)
        reload.ended(5, model: "b", .refused("no"))
        #expect(reload.isDone)
        #expect(reload.refusals.map(\.description) == ["b: no"] && reload.refused("b") && !reload.refused("a"))
    }

    @Test("without a model there is nothing to wait for")
    func empty() {
        #expect(Reload(generations: []).isDone)
    }
}
