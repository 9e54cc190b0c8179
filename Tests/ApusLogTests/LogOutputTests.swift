import Glibc
import Testing

@testable import ApusLog

@Suite("The log's output")
struct LogOutputTests {
    /// What can be standard error, with somebody who may read it or not.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case pipe = "a pipe"
        case foreignPipe = "a pipe that may not be opened again"
        case socket = "a socket"
        case terminal = "a terminal"

        var testDescription: String { rawValue }

        func make() throws -> Reader {
            switch self {
            case .pipe, .foreignPipe: try Reader.pipe()
            case .socket: try Reader.socket()
            case .terminal: try Reader.terminal()
            }
        }

        func output(_ writing: CInt, byteCapacity: Int = 64 << 10) -> LogOutput {
            let output = LogOutput(writing, byteCapacity: byteCapacity)
            if self != .foreignPipe { output.open(role: "test", format: .text) }
            return output
        }
    }

    /// Both ends, closed with this object.
    final class Reader {
        let writing: CInt
        private let reading: CInt

        private init(_ ends: [CInt]) {
            reading = ends[0]
            writing = ends[1]
            _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        }

        deinit { for end in [reading, writing] { close(end) } }

        static func pipe() throws -> Reader {
            var ends: [CInt] = [-1, -1]
            try #require(Glibc.pipe(&ends) == 0)
            return Reader(ends)
        }

        static func socket() throws -> Reader {
            var ends: [CInt] = [-1, -1]
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
            return Reader(ends)
        }

        static func terminal() throws -> Reader {
            var settings = termios()
            cfmakeraw(&settings)  // no byte is changed on its way
            var reading: CInt = -1
            var writing: CInt = -1
            try #require(openpty(&reading, &writing, nil, &settings, nil) == 0)
            return Reader([reading, writing])
        }

        /// What is there, at most so many bytes.
        func read(_ byteCount: Int = .max) -> String {
            var bytes: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 4096)
            while bytes.count < byteCount {
                let count = Glibc.read(reading, &piece, min(piece.count, byteCount - bytes.count))
                guard count > 0 else { break }
                bytes += piece[..<count]
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// All that comes while `output` has something to write.
        func readAll(_ outputs: LogOutput...) -> String {
            var text = ""
            while true {
                let isDone = outputs.allSatisfy { $0.flush() }
                let more = read()
                text += more
                if isDone && more.isEmpty { return text }
            }
        }
    }

    private func write(_ line: String, to output: LogOutput) {
        var line = line
        line.withUTF8 { output.write(UnsafeRawBufferPointer($0)) }
    }

    private func line(_ number: Int, byteCount: Int) -> String {
        "\(number) ".padding(to: byteCount - 1) + "\n"
    }

    @Test("a reader that stops is not waited for, and reads later how many lines it missed", arguments: Kind.allCases)
    func stopped(_ kind: Kind) throws {
        let reader = try kind.make()
        let output = kind.output(reader.writing)
        // Far more than what it and the queue hold.
        for number in 0..<20_000 { write(line(number, byteCount: 100), to: output) }
        let text = reader.readAll(output)
        write("after\n", to: output)
        let lines = (text + reader.readAll(output)).split(separator: "\n")
        let numbers = lines.compactMap { Int($0.prefix { $0 != " " }) }
        #expect(numbers == Array(0..<numbers.count), "none is missing before the gap, none is torn, all are in order")
        let note = try #require(lines.dropFirst(numbers.count).first)
        #expect(note.contains("lines of this log were dropped here"), "\(note)")
        #expect(note.hasSuffix(" lines=\(20_000 - numbers.count)"), "\(note)")
        #expect(lines.dropFirst(numbers.count + 1) == ["after"])
    }

    @Test("the description that others have, too, is left as it is", arguments: Kind.allCases)
    func flags(_ kind: Kind) throws {
        let reader = try kind.make()
        let others = dup(reader.writing)
        defer { close(others) }
        let output = kind.output(reader.writing)
        write("line\n", to: output)
        #expect(fcntl(others, F_GETFL) & O_NONBLOCK == 0)
        #expect(reader.read() == "line\n")
    }

    @Test("a line that does not fit at once comes whole, and the next one after it", arguments: Kind.allCases)
    func partial(_ kind: Kind) throws {
        let reader = try kind.make()
        let output = kind.output(reader.writing, byteCapacity: 1 << 20)
        let long = line(1, byteCount: 250_000)
        write(long, to: output)
        write("next\n", to: output)
        #expect(reader.readAll(output) == long + "next\n")
    }

    @Test("lines of two processes on one pipe never mix, however long they are and however it is read", arguments: [
        Kind.pipe, .foreignPipe,
    ])
    func twoWriters(_ kind: Kind) throws {
        let reader = try Reader.pipe()
        let other = dup(reader.writing)
        defer { close(other) }
        let outputs = [kind.output(reader.writing, byteCapacity: 1 << 20), kind.output(other, byteCapacity: 1 << 20)]
        var random = Seeded(state: 1)
        var text = ""
        for number in 0..<500 {
            let byteCount = Int.random(in: 10...9000, using: &random)
            write(line(number, byteCount: byteCount), to: outputs[number % 2])
            if number % 3 == 0 { text += reader.read(Int.random(in: 1...40_000, using: &random)) }
        }
        text += reader.readAll(outputs[0], outputs[1])
        let numbers = text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return words.count == 1 ? Int(words[0]) ?? -1 : -1
        }
        #expect(numbers.sorted() == Array(0..<500))
        for parity in 0..<2 {
            let own = numbers.filter { $0 % 2 == parity }
            #expect(own == own.sorted())
        }
    }

    @Test("what waits is written before the end as long as it is read, and given up when it is not")
    func finish() throws {
        let reader = try Reader.pipe()
        let output = Kind.pipe.output(reader.writing)
        for number in 0..<1200 { write(line(number, byteCount: 100), to: output) }
        let start = ContinuousClock.now
        let lostLineCount = output.finish()
        #expect(ContinuousClock.now - start < .seconds(1))
        let read = reader.read()
        #expect(read.split(separator: "\n").count + lostLineCount == 1200 && lostLineCount > 500)
        #expect(output.finish() == 0)
    }

    @Test("a disk that is full drops lines, too")
    func fullDisk() throws {
        let full = Glibc.open("/dev/full", O_WRONLY)
        defer { close(full) }
        let output = LogOutput(full, byteCapacity: 100)
        for number in 0..<10 { write(line(number, byteCount: 60), to: output) }
        #expect(!output.flush())
    }
}

extension String {
    fileprivate func padding(to count: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, count - utf8.count))
    }
}

/// SplitMix64.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
