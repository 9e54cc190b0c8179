import Testing

@testable import ApusProtocols

@Suite("Name table")
struct NameTableTests {
    static func place(_ name: String, in table: NameTable, hint: Int = 0) -> Int? {
        Array(name.utf8).withUnsafeBytes { table.index(of: $0, hint: hint) }
    }

    static func tables(_ names: [String]) -> [NameTable] { [NameTable(names), NameTable(given: names)] }

    @Test("a name is found wherever it is looked for first, and one that is not there is not")
    func found() {
        let names = (0..<1000).map { "column \($0)" } + ["", "ä"]
        for table in Self.tables(names) {
            #expect(table.repeated == nil)
            for (index, name) in names.enumerated() {
                #expect(Self.place(name, in: table, hint: index) == index)
                #expect(Self.place(name, in: table, hint: index + 1) == index)
            }
            #expect(Self.place("column 1000", in: table) == nil)
        }
        #expect(Self.place("a", in: NameTable([])) == nil)
    }

    @Test("of equal names the first is found, and the second is told; a million of them take no time")
    func repeated() {
        for table in Self.tables(["a", "b", "c", "b", "a"]) {
            #expect(table.repeated == 3)
            #expect(Self.place("b", in: table) == 1)
        }
        let began = ContinuousClock.now
        let table = NameTable(given: Array(repeating: "z", count: 1_000_000))
        #expect(table.repeated == 1)
        #expect(ContinuousClock.now - began < .seconds(20))
    }
}
