import ApusLoop
import Glibc
import Testing

@testable import ApusSupervisor

@Suite("Last words")
struct LastWordsTests {
    @Test("lines come out whole, however they came in, each process's for itself")
    func lines() {
        var words = LastWords()
        words.heard("first\nsec".utf8, from: 1)
        words.heard("other\n".utf8, from: 2)
        words.heard("ond\nno end".utf8, from: 1)
        #expect(words.take(1) == ["first", "second", "no end"])
        #expect(words.take(1) == [])
        #expect(words.take(2) == ["other"])
    }

    @Test("they are bounded in number, in length and in processes")
    func bounded() {
        var words = LastWords()
        for line in 0..<100 { words.heard("\(line)\n".utf8, from: 1) }
        words.heard(Array(repeating: UInt8(ascii: "x"), count: 10_000), from: 1)
        let kept = words.take(1)
        #expect(kept.count == LastWords.lineCount + 1 && kept.first == "80")
        #expect(kept.last?.utf8.count == LastWords.lineByteCount)
        for process in 1...Int32(LastWords.processCount + 1) { words.heard("x\n".utf8, from: process) }
        #expect(words.take(1) == [])
        #expect(words.take(2) == ["x"])
    }

    @Test("a socket tells which process wrote what")
    func sender() throws {
        let (reading, writing) = try SenderSocket.make()
        defer { for end in [reading, writing] { close(end) } }
        write(writing, "hello", 5)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
        defer { memory.deallocate() }
        let received = try #require(SenderSocket.receive(reading, into: memory))
        #expect(received.process == getpid() && received.byteCount == 5)
        #expect(SenderSocket.receive(reading, into: memory) == nil)
    }
}
