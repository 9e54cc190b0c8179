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
        #expect(reload.refusals == ["b: it is damaged"])
    }

    @Test("a generation that is not part of it changes nothing")
    func stranger() {
        var reload = Reload(generations: [4])
        reload.ended(3, model: "a", .refused("too late"))
        #expect(!reload.isDone)
        #expect(reload.refusals.isEmpty)
    }

    @Test("however often it is asked for meanwhile, it is wanted once more")
    func coalesces() {
        var reload = Reload(generations: [1])
        #expect(!reload.isWantedAgain)
        for _ in 0..<3 { reload.askedAgain() }
        #expect(reload.isWantedAgain)
    }

    @Test("without a model there is nothing to wait for")
    func empty() {
        #expect(Reload(generations: []).isDone)
    }
}
