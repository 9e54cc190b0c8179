import Foundation
import Testing

/// The reading end of what is a process's standard output or error. Waiting is for bytes, never for time.
final class EventPipe {
    let name: String
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private(set) var hasEnded = false

    private init(_ name: String, _ descriptor: Int32) {
        self.name = name
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// - Returns: the reading end, and the descriptor to give to the process. It is a socket pair, which can be
    ///   closed on exec from birth: another test may start a process at any time.
    static func make(_ name: String) throws -> (EventPipe, Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let code = socketpair(AF_UNIX, kind, 0, &ends)
        try #require(code == 0)
        return (EventPipe(name, ends[0]), ends[1])
    }

    /// The same of a pipe with a name, which the process opens by itself.
    static func make(_ name: String, at path: String) throws -> EventPipe {
        try #require(mkfifo(path, 0o600) == 0)
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
        return EventPipe(name, descriptor)
    }

    /// All that came so far.
    var text: String {
        while readMore(within: .zero) {}
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits until `event` has come.
    /// - Parameter since: only what comes after that many bytes counts; see `mark`.
    @discardableResult
    func wait(
        for event: String, since: Int = 0, within: Duration = .seconds(20),
        else explain: () -> String = { "" }
    ) throws -> String {
        let event = Array(event.utf8)
        try wait(within, "\"\(String(decoding: event, as: UTF8.self))\"", explain) {
            bytes.dropFirst(since).firstRange(of: event) != nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits until every process that could write to it has ended.
    func waitForEnd(within: Duration, else explain: () -> String = { "" }) throws {
        try wait(within, "its end", explain) { hasEnded }
    }

    /// How many bytes have come, to wait for what comes after.
    var mark: Int {
        while readMore(within: .zero) {}
        return bytes.count
    }

    private func wait(
        _ within: Duration, _ what: String, _ explain: () -> String, _ condition: () -> Bool
    ) throws {
        let deadline = ContinuousClock.now + within
        while !condition() {
            let left = deadline - .now
            guard left > .zero, readMore(within: left) else {
                throw NotInTime(
                    "\(name): \(what) did not come within \(within)\(hasEnded ? " (it ended)" : "")\n"
                        + String(decoding: bytes, as: UTF8.self) + explain())
            }
        }
    }

    /// - Returns: whether bytes or the end came.
    private func readMore(within: Duration) -> Bool {
        guard !hasEnded, waitUntilReadable(descriptor, within: within) else { return false }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 { bytes += buffer[..<count] } else { hasEnded = true }
        return true
    }
}

/// What a test waited for did not happen.
struct NotInTime: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

func waitUntilReadable(_ descriptor: Int32, within: Duration) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let (seconds, attoseconds) = within.components
    let milliseconds = max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    return poll(&request, 1, Int32(min(milliseconds, 600_000))) > 0
}
