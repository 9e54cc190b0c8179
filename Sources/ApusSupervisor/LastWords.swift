import ApusLog
import ApusLoop
import Glibc

/// What processes write to their standard error: whole lines are passed on, and the latest ones of each are kept, a
/// bounded number of bounded ones.
struct LastWords {
    /// Per process, and the bytes of each that are kept.
    static let lineCount = 20
    static let lineByteCount = 500
    /// What is longer is passed on as several lines, bytes.
    static let passedByteCount = 64 << 10
    /// Beyond it, that of which nothing was heard for the longest time is forgotten.
    static let processCount = 1024

    private struct Speaker {
        var lines: [String] = []
        /// Of the line that has not ended.
        var partial: [UInt8] = []
        var heardAt: UInt64 = 0

        mutating func endLine(_ onLine: Listener) {
            lines.append(String(decoding: partial.prefix(LastWords.lineByteCount), as: UTF8.self))
            if lines.count > LastWords.lineCount { lines.removeFirst() }
            partial.append(UInt8(ascii: "\n"))
            partial.withUnsafeBytes(onLine)
            partial.removeAll(keepingCapacity: true)
        }
    }

    /// Gets a line with its end; the bytes are only there during the call.
    typealias Listener = (UnsafeRawBufferPointer) -> Void

    private var speakers: [pid_t: Speaker] = [:]
    private var clock: UInt64 = 0

    /// - Parameter onLine: called for each line that has come to its end.
    mutating func heard(_ bytes: UnsafeRawBufferPointer, from process: pid_t, onLine: Listener) {
        if speakers[process] == nil, speakers.count >= Self.processCount,
            let silent = speakers.min(by: { $0.value.heardAt < $1.value.heardAt })?.key
        {
            _ = take(silent, onLine: onLine)
        }
        clock += 1
        var speaker = speakers.removeValue(forKey: process) ?? Speaker()
        speaker.heardAt = clock
        for byte in bytes {
            let isEnd = byte == UInt8(ascii: "\n")
            if !isEnd { speaker.partial.append(byte) }
            if isEnd || speaker.partial.count == Self.passedByteCount { speaker.endLine(onLine) }
        }
        speakers[process] = speaker
    }

    /// The last lines of a process that has ended, which is forgotten.
    /// - Parameter onLine: gets the last line when it did not come to its end before.
    mutating func take(_ process: pid_t, onLine: Listener) -> [String] {
        guard var speaker = speakers.removeValue(forKey: process) else { return [] }
        let wholeLines = speaker.lines
        guard !speaker.partial.isEmpty else { return wholeLines }
        speaker.endLine(onLine)
        return wholeLines + speaker.lines.suffix(1)
    }

    /// Passes on the lines that have not come to their end, and forgets everything.
    mutating func takeAll(onLine: Listener) {
        for process in speakers.keys { _ = take(process, onLine: onLine) }
    }
}

/// How a process ended that should not have, for `apus status`.
struct LastExit: Equatable {
    var processID: pid_t
    var reason: String
    /// What that means, for people; empty when the reason says all.
    var cause: String
    /// On the loop's clock.
    var at: UInt64
    var lines: [String]
}

extension ExitReason {
    /// What an end that was not ours to make tells.
    var likelyCause: String {
        switch self {
        case .signaled(SIGKILL): "somebody killed it, or the kernel did because memory ran out"
        case .signaled(SIGSEGV), .signaled(SIGBUS), .signaled(SIGFPE), .signaled(SIGILL), .signaled(SIGABRT):
            "a fault in the model, in ONNX Runtime or in Apus"
        case .signaled, .exited: ""
        }
    }
}

/// A place that a process fills, and another one after it.
enum ProcessPlace: Hashable {
    case proxy(Int)
    case template(generation: UInt32)
    case worker(generation: UInt32, slot: Int)

    /// The pool that it belongs to; nil for a proxy.
    var generation: UInt32? {
        switch self {
        case .proxy: nil
        case .template(let generation), .worker(let generation, _): generation
        }
    }
}

/// What all children write to standard error: passed on to ours, line by line, and remembered.
///
/// Ours is read whenever it is, or not at all: that keeps neither us nor a child (`LogOutput`).
final class ChildOutput {
    /// Both stay open over an upgrade, for the processes that have them.
    let reading: CInt
    let writing: CInt
    private var words = LastWords()
    private var watch: DescriptorWatch?
    private var timer: Timer?
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)

    /// What is taken in at once: more than the socket holds, so that a child that never ends does not keep the loop.
    private static let messageCount = 1024
    /// How long a reader of our log that is slow is left alone.
    private static let pauseMilliseconds: UInt64 = 50

    /// - Parameter ends: the sockets of the program before, or nil.
    init(ends: (reading: CInt, writing: CInt)?) throws(UVError) {
        let pair = if let ends { ends } else { try SenderSocket.make() }
        reading = pair.reading
        writing = pair.writing
    }

    deinit { memory.deallocate() }

    func start(on loop: Loop) throws(UVError) {
        watch = try DescriptorWatch(reading, on: loop) { [unowned self] in passOn() }
        timer = Timer(on: loop) { [unowned self] in catchUp() }
    }

    /// Takes in what is there.
    func passOn() {
        for _ in 0..<Self.messageCount {
            guard let (process, count) = SenderSocket.receive(reading, into: memory) else { break }
            words.heard(UnsafeRawBufferPointer(rebasing: memory[..<count]), from: process, onLine: Self.write)
        }
        catchUp()
    }

    /// Writes what waits in our log, as soon as it is read.
    func catchUp() {
        if !LogOutput.standardError.flush() { timer?.start(milliseconds: Self.pauseMilliseconds) }
    }

    /// What a process that has ended wrote last.
    func lastLines(of process: pid_t) -> [String] {
        passOn()
        return words.take(process, onLine: Self.write)
    }

    private static func write(_ line: UnsafeRawBufferPointer) { LogOutput.standardError.write(line) }

    func close() {
        passOn()
        words.takeAll(onLine: Self.write)
        watch?.close()
        timer?.close()
        watch = nil
        timer = nil
    }
}

extension Supervisor {
    /// Remembers how the process in that place ended, until the next one there does.
    /// - Parameter cause: why we ended it; nil when we did not.
    func remember(_ place: ProcessPlace, _ process: pid_t, _ reason: ExitReason, cause: String? = nil) {
        let generations = Set(allPools.map(\.generation))
        lastExits = lastExits.filter { $0.key.generation.map(generations.contains) ?? true }
        lastExits[place] = LastExit(
            processID: process, reason: "\(reason)", cause: cause ?? reason.likelyCause, at: now,
            lines: output.lastLines(of: process))
    }
}
