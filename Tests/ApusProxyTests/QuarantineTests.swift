import ApusWire
import Testing

@testable import ApusProxy

@Suite("Quarantine")
struct QuarantineTests {
    static let second: UInt64 = 1_000_000_000

    /// A table in which fingerprint 7 has come as far as that, at time 0.
    static func table(struck: Bool = false, tried id: UInt64? = nil, guilty: Bool = false) -> Quarantine {
        var table = Quarantine(milliseconds: 60_000)
        if struck { _ = table.strike(7, wasAlone: false, at: 0) }
        if let id { table.tryHere(7, id: id) }
        if guilty { _ = table.strike(7, wasAlone: true, at: 0) }
        return table
    }

    @Test("one death makes a suspect, of which one is tried while the others wait")
    func trial() {
        let fresh = Self.table()
        #expect(fresh.isEmpty && fresh.find(7, id: 1, at: 0) == .innocent)
        let struck = Self.table(struck: true)
        #expect(struck.find(7, id: 1, at: 0) == .suspect)
        #expect(struck.find(8, id: 1, at: 0) == .innocent)
        let tried = Self.table(struck: true, tried: 1)
        #expect(tried.find(7, id: 1, at: 0) == .suspect)
        #expect(tried.find(7, id: 2, at: 0) == .onTrial)
    }

    @Test("a trial that is answered clears it, for its own request only")
    func cleared() {
        var table = Self.table(struck: true, tried: 1)
        let byOther = table.answered(7, id: 2)
        let byOwn = table.answered(7, id: 1)
        #expect([byOther, byOwn] == [false, true])
        #expect(table.isEmpty)
    }

    @Test("a trial that ends a worker makes it guilty, for its time")
    func guilty() {
        var table = Self.table(struck: true, tried: 1, guilty: true)
        #expect(table.find(7, id: 1, at: 59 * Self.second) == .guilty)
        #expect(table.find(7, id: 1, at: 60 * Self.second) == .innocent)
        let early = table.expire(at: 59 * Self.second)
        let inTime = table.expire(at: 60 * Self.second)
        #expect([early, inTime] == [false, true])
        #expect(table.isEmpty)
    }

    @Test("many deaths in company make nobody guilty: healthy requests share workers with sick ones")
    func company() {
        var table = Self.table()
        for _ in 0..<10 { _ = table.strike(7, wasAlone: false, at: 0) }
        #expect(table.find(7, id: 1, at: 0) == .suspect)
    }

    @Test("a trial whose client leaves is another one's")
    func left() {
        var table = Self.table(struck: true, tried: 1)
        let wasTried = table.left(7, id: 1)
        #expect(wasTried)
        #expect(table.find(7, id: 2, at: 0) == .suspect)
    }

    @Test("what another proxy finds out holds here")
    func heard() {
        var table = Self.table()
        func hear(_ verdict: Suspicion.Verdict) {
            table.heard(Suspicion(fingerprint: 7, verdict: verdict, model: "m"), at: 0)
        }
        hear(.onTrial)
        #expect(table.find(7, id: 1, at: 0) == .onTrial)
        hear(.cleared)
        #expect(table.isEmpty)
        hear(.guilty)
        hear(.onTrial)
        hear(.cleared)
        #expect(table.find(7, id: 1, at: 0) == .guilty)
    }

    @Test("it is bounded, and the one that ends soonest goes first")
    func bounded() {
        var table = Quarantine(milliseconds: 60_000)
        for fingerprint in 0..<UInt64(Quarantine.capacity + 1) {
            _ = table.strike(fingerprint, wasAlone: true, at: fingerprint)
        }
        #expect(table.find(0, id: 1, at: 0) == .innocent)
        #expect(table.find(1, id: 1, at: 0) == .guilty)
    }

    @Test("without a time nothing is refused")
    func off() {
        var table = Quarantine(milliseconds: 0)
        let isGuilty = table.strike(7, wasAlone: true, at: 0)
        #expect(!isGuilty && table.isEmpty)
    }
}
