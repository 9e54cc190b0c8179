import Testing

@testable import ApusSupervisor

@Suite("Reload retries")
struct ReloadRetriesTests {
    static var byHand: ReloadRequest { ReloadRequest() }
    static var changed: ReloadRequest { ReloadRequest(names: ["a"], isAutomatic: true) }

    /// The versions of a request, for a comparison.
    static func described(_ request: ReloadRequest?) -> String {
        guard let request else { return "nothing" }
        let versions = (request.retriedVersions ?? []).sorted().map(String.init).joined(separator: ",")
        return "\((request.names ?? []).sorted().joined(separator: ",")) \(versions)"
    }

    @Test("what was refused is tried at once, then after the times of a first load, up to half a minute")
    func waits() {
        var retries = ReloadRetries()
        var now: UInt64 = 1_000
        var waits: [UInt64] = []
        for _ in 0..<12 {
            retries.refused("a", 1, reason: "full", Self.byHand, at: now, jitter: 0)
            waits.append(retries.nextAt! - now)
            if waits.last! > 0 { #expect(retries.next(at: retries.nextAt! - 1) == nil) }
            now = retries.nextAt!
            #expect(Self.described(retries.next(at: now)) == "a 1")
            #expect(retries.nextAt == nil && retries.next(at: now + 1_000_000) == nil, "it is under way")
        }
        #expect(waits == [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
    }

    @Test("a try that took long is not a healthy time: the waits grow all the same")
    func slow() {
        var retries = ReloadRetries()
        var now: UInt64 = 0
        for wait in [0, 100, 200, 400] as [UInt64] {
            retries.refused("a", 1, reason: "full", Self.byHand, at: now, jitter: 0)
            #expect(retries.nextAt == now + wait)
            now = retries.nextAt!
            _ = retries.next(at: now)
            now += 60_000
        }
    }

    @Test("it is the same reload: as automatic, and as free to change the schema, as the one that was refused")
    func same() {
        var retries = ReloadRetries()
        var free = Self.changed
        free.allowsSchemaChange = true
        retries.refused("a", 1, reason: "full", free, at: 0, jitter: 0)
        let request = retries.next(at: 0)
        #expect(request?.isAutomatic == true && request?.allowsSchemaChange == true && request?.isRetry == true)
        #expect(request?.loads(1) == true && request?.loads(2) == false)
    }

    @Test("versions of one model are tried together, models one after the other")
    func together() {
        var retries = ReloadRetries()
        for (model, version) in [("a", 1), ("b", 1), ("a", 2)] {
            retries.refused(model, version, reason: "full", Self.byHand, at: 0, jitter: 0)
        }
        #expect(Self.described(retries.next(at: 0)) == "a 1,2")
        #expect(Self.described(retries.next(at: 0)) == "b 1")
        #expect(Self.described(retries.next(at: 0)) == "nothing")
    }

    @Test("what was taken, or refused for its own sake, or is part of another reload, is not tried again", arguments: 0..<4)
    func ends(way: Int) {
        var retries = ReloadRetries()
        retries.refused("a", 1, reason: "full", Self.byHand, at: 0, jitter: 0)
        switch way {
        case 0: retries.ended("a", 1)
        case 1: retries.forget(models: ["a"])
        case 2: retries.forget(models: nil)
        default:
            _ = retries.next(at: 0)
            retries.ended("a", 1)
        }
        #expect(retries.nextAt == nil && retries.next(at: 1_000_000) == nil)
        // And it begins anew with no wait.
        retries.refused("a", 1, reason: "full", Self.byHand, at: 7, jitter: 0)
        #expect(retries.nextAt == 7)
    }

    @Test("another model's reload changes nothing")
    func others() {
        var retries = ReloadRetries()
        retries.refused("a", 1, reason: "full", Self.byHand, at: 0, jitter: 0)
        retries.forget(models: ["b"])
        retries.ended("a", 2)
        #expect(retries.nextAt == 0)
    }

    @Test("a try that finds no file of the model waits again; one that finds other versions is the last")
    func missing() {
        var retries = ReloadRetries()
        retries.refused("a", 1, reason: "gone", Self.byHand, at: 0, jitter: 0)
        let first = retries.next(at: 0)!
        retries.finished(first, found: [], at: 50, jitter: 0)
        #expect(retries.nextAt == 150)
        let second = retries.next(at: 150)!
        retries.finished(second, found: ["a"], at: 160, jitter: 0)
        #expect(retries.nextAt == nil)
    }

    @Test("a refusal is news when it is the first, or has another reason")
    func news() {
        var retries = ReloadRetries()
        let reasons = ["full", "full", "no process", "no process", "full"]
        let news = reasons.map { retries.refused("a", 1, reason: $0, Self.byHand, at: 0, jitter: 0) }
        #expect(news == [true, false, true, false, true])
    }
}
