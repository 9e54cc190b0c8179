import ApusLoop
import Glibc
import Testing

@testable import ApusSupervisor

@Suite("Last words")
struct LastWordsTests {
    /// What is kept, and what was passed on.
    private final class Ears {
        private var words = LastWords()
        private(set) var passed = ""

        func hear(_ text: String, from process: pid_t) {
            var text = text
            text.withUTF8 { words.heard(UnsafeRawBufferPointer($0), from: process, onLine: pass) }
        }

        func take(_ process: pid_t) -> [String] { words.take(process, onLine: pass) }

        func takeAll() { words.takeAll(onLine: pass) }

        private func pass(_ line: UnsafeRawBufferPointer) { passed += String(decoding: line, as: UTF8.self) }
    }

    @Test("lines come out whole, however they came in, each process's for itself")
    func lines() {
        let ears = Ears()
        ears.hear("first\nsec", from: 1)
        ears.hear("other\n", from: 2)
        #expect(ears.passed == "first\nother\n")
        ears.hear("ond\nno end", from: 1)
        #expect(ears.passed == "first\nother\nsecond\n")
        #expect(ears.take(1) == ["first", "second", "no end"])
        #expect(ears.passed == "first\nother\nsecond\nno end\n")
        #expect(ears.take(1) == [])
        #expect(ears.take(2) == ["other"])
    }

    @Test("they are bounded in number, in length and in processes")
    func bounded() {
        let ears = Ears()
        for line in 0..<100 { ears.hear("\(line)\n", from: 1) }
        let long = String(repeating: "x", count: LastWords.passedByteCount)
        ears.hear(long, from: 1)
        #expect(ears.passed.hasSuffix("\n\(long)\n"))
        ears.hear("yy", from: 1)
        let kept = ears.take(1)
        #expect(kept.count == LastWords.lineCount + 1 && kept.first == "81")
        #expect(kept.dropLast().last?.utf8.count == LastWords.lineByteCount && kept.last == "yy")
        for process in 1...Int32(LastWords.processCount) { ears.hear("x", from: process) }
        ears.hear("last\n", from: .max)
        #expect(ears.passed.hasSuffix("yy\nx\nlast\n"), "the one that is forgotten is passed on")
        #expect(ears.take(1) == [])
        #expect(ears.take(2) == ["x"])
    }

    @Test("what has no end is passed on at the end")
    func rest() {
        let ears = Ears()
        ears.hear("a", from: 1)
        #expect(ears.passed == "")
        ears.takeAll()
        #expect(ears.passed == "a\n")
        #expect(ears.take(1) == [])
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
