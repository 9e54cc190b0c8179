import Testing

@testable import ApusWire

@Suite("Metrics region")
struct MetricsRegionTests {
    @Test("memory that nobody wrote has no series")
    func empty() {
        let memory = TestMemory(byteCount: 8192)
        #expect(Array(memory.region.blocks).isEmpty)
    }

    @Test("a block is found again by kind, key and name, and by nothing less")
    func find() throws {
        let memory = TestMemory(byteCount: 8192)
        memory.region.open()
        let made = try #require(memory.region.block(.pool, key: 3, name: "iris"))
        #expect(memory.region.block(.pool, key: 3, name: "iris")?.offset == made.offset)
        #expect(memory.region.block(.pool, key: 4, name: "iris")?.offset != made.offset)
        #expect(memory.region.block(.pool, key: 3, name: "irises")?.offset != made.offset)
        #expect(Array(memory.region.blocks).count == 3)
    }

    @Test("the writer after a dead one counts on, with its gauges at zero")
    func counts() throws {
        let memory = TestMemory(byteCount: 8192)
        memory.region.open()
        let before = try #require(memory.region.block(.process))
        before.values.add(5, at: ProcessField.acceptedConnections)
        before.values.store(2, at: ProcessField.openConnections)
        memory.region.open()
        let after = try #require(memory.region.block(.process))
        #expect(after.offset == before.offset)
        #expect(after.values.load(ProcessField.acceptedConnections) == 5)
        #expect(after.values.load(ProcessField.openConnections) == 0)
    }

    @Test("half a block left by a dead writer is not seen, and not inherited by the next block")
    func halfBlock() throws {
        let memory = TestMemory(byteCount: 8192)
        memory.region.open()
        let offset = MetricsRegion.headerByteCount
        for index in offset..<8192 { memory.bytes[index] = 0xA5 }
        #expect(Array(memory.region.blocks).isEmpty)
        let block = try #require(memory.region.block(.process))
        #expect(block.offset == offset)
        #expect((0..<ProcessField.count).allSatisfy { block.values.load($0) == 0 })
    }

    @Test("a full region makes no block and keeps those it has")
    func full() {
        let memory = TestMemory(byteCount: 8192)
        memory.region.open()
        var count = 0
        while memory.region.block(.parseError, key: UInt64(count)) != nil { count += 1 }
        #expect(count == (8192 - 64) / 24)
        #expect(Array(memory.region.blocks).count == count)
        #expect(memory.region.block(.parseError, key: 0) != nil)
    }

    @Test("a name too long for a block makes none")
    func longName() {
        let memory = TestMemory(byteCount: 8192)
        memory.region.open()
        let name = String(repeating: "n", count: 255)
        #expect(memory.region.block(.pool, name: name) != nil)
        #expect(memory.region.block(.pool, name: name + "n") == nil)
    }

    struct Damage: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let offset: Int, byte: UInt8
    }

    @Test(
        "a writer begins anew in a region that it cannot understand",
        arguments: [
            Damage(testDescription: "another magic", offset: 0, byte: 0),
            Damage(testDescription: "another layout", offset: 4, byte: 9),
            Damage(testDescription: "used ends within a block", offset: 8, byte: 80),
            Damage(testDescription: "used beyond the region", offset: 15, byte: 0xFF),
            Damage(testDescription: "a block of no length", offset: 68, byte: 0),
            Damage(testDescription: "a block longer than what is used", offset: 70, byte: 1),
        ])
    func damaged(_ damage: Damage) {
        let memory = TestMemory(byteCount: 8192)
        memory.region.open()
        memory.region.block(.process)?.values.add(5, at: ProcessField.acceptedConnections)
        memory.bytes[damage.offset] = damage.byte
        memory.region.open()
        #expect(Array(memory.region.blocks).isEmpty)
        #expect(memory.region.block(.process)?.values.load(ProcessField.acceptedConnections) == 0)
    }
}
