import ApusWire
import Testing

@testable import ApusSupervisor

@Suite("Takeover document")
struct TakeoverDocumentTests {
    static let document = TakeoverDocument(
        listener: 9, admin: 11, lock: 7, runtimeDirectory: "/run/apus", outputReading: 13, outputWriting: 14,
        lastGeneration: 12, nextSerial: 345,
        workerAdjustment: -2, logLevel: "debug", servedVersions: ["iris/1", "größe/3"], unloadedModels: ["old": [2, 3], "older": []],
        children: [
            TakeoverDocument.Child(kind: .proxy, processID: 100, control: 20, unread: [1, 2, 3]),
            TakeoverDocument.Child(kind: .template, processID: 101, control: -1),
            TakeoverDocument.Child(kind: .worker, processID: 102, serial: 344, control: 22),
        ])

    @Test("what is written is read again")
    func whole() throws {
        #expect(try TakeoverDocument(Self.document.encoded()) == Self.document)
    }

    @Test("every descriptor that is needed is named, and no closed one")
    func descriptors() {
        #expect(Self.document.descriptors == [9, 11, 7, 13, 14, 20, 22])
    }

    @Test("a document that was cut anywhere is refused")
    func cut() {
        let bytes = Self.document.encoded()
        for count in bytes.indices {
            #expect(throws: ControlError.self) { try TakeoverDocument(Array(bytes[..<count])) }
        }
    }

    @Test("a document of another form is refused")
    func otherForm() {
        var bytes = Self.document.encoded()
        bytes[0] += 1
        #expect(throws: ControlError.badValue("form version")) { try TakeoverDocument(bytes) }
    }
}
