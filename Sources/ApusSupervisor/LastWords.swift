import ApusLoop
import Glibc

/// The latest lines that each process wrote to its standard error, a bounded number of bounded ones.
struct LastWords {
    /// Per process, and the bytes of each that are kept.
    static let lineCount = 20
    static let lineByteCount = 500
    /// Beyond it, that of which nothing was heard for the longest time is forgotten.
    static let processCount = 1024

    private struct Speaker {
        var lines: [String] = []
        var partial: [UInt8] = []
        var heardAt: UInt64 = 0
    }

    private var speakers: [pid_t: Speaker] = [:]
    private var clock: UInt64 = 0

    mutating func heard(_ bytes: some Sequence<UInt8>, from process: pid_t) {
        if speakers[process] == nil, speakers.count >= Self.processCount,
            let silent = speakers.min(by: { $0.value.heardAt < $1.value.heardAt })?.key
        {
            speakers[silent] = nil
        }
        clock += 1
        var speaker = speakers[process] ?? Speaker()
        speaker.heardAt = clock
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                speaker.lines.append(Self.text(speaker.partial))
                speaker.partial.removeAll(keepingCapacity: true)
                if speaker.lines.count > Self.lineCount { speaker.lines.removeFirst() }
            } else if speaker.partial.count < Self.lineByteCount {
                speaker.partial.append(byte)
            }
        }
        speakers[process] = speaker
    }

    /// The lines of a process that has ended, the last one first cut to what is kept. It is forgotten.
    mutating func take(_ process: pid_t) -> [String] {
        guard let speaker = speakers.removeValue(forKey: process) else { return [] }
        return speaker.partial.isEmpty ? speaker.lines : speaker.lines + [Self.text(speaker.partial)]
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
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

/// What all children write to standard error: passed on to ours as it comes, and remembered.
final class ChildOutput {
    /// Both stay open over an upgrade, for the processes that have them.
    let reading: CInt
    let writing: CInt
    private var words = LastWords()
    private var watch: DescriptorWatch?
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)

    /// - Parameter ends: the sockets of the program before, or nil.
    init(ends: (reading: CInt, writing: CInt)?) throws(UVError) {
        let pair = if let ends { ends } else { try SenderSocket.make() }
        reading = pair.reading
        writing = pair.writing
    }

    deinit { memory.deallocate() }

    func start(on loop: Loop) throws(UVError) {
        watch = try DescriptorWatch(reading, on: loop) { [unowned self] in passOn() }
    }

    /// Takes in all that is there.
    func passOn() {
        while let (process, count) = SenderSocket.receive(reading, into: memory) {
            let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
            words.heard(bytes, from: process)
            write(bytes)
        }
    }

    /// What a process that has ended wrote last.
    func lastLines(of process: pid_t) -> [String] {
        passOn()
        return words.take(process)
    }

    /// Where it cannot be written it is lost: nobody may stop the supervisor by not reading its log.
    private func write(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(STDERR_FILENO, piece.baseAddress, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func close() {
        passOn()
        watch?.close()
        watch = nil
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
