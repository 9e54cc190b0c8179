import CProcess
import Glibc

/// A pipe from a process's fork to itself. The ends that are left are closed when it is given up.
struct Pipe: ~Copyable {
    private let reader: Int32
    private let writer: Int32
    private var hasWriter = true

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try SystemError.check(apus_pipe(&ends), "pipe2")
        reader = ends[0]
        writer = ends[1]
    }

    deinit {
        close(reader)
        if hasWriter { close(writer) }
    }

    /// For the child: writes all of it. A parent that is gone is no matter, SIGPIPE is ignored.
    func write(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(writer, $0.baseAddress! + sent, $0.count - sent) }
            guard count > 0 || errno == EINTR else { return }
            sent += max(count, 0)
        }
    }

    /// For the parent: what the child writes until it ends.
    /// - Returns: nil when the time is over first.
    mutating func readToEnd(nanoseconds: UInt64) throws(SystemError) -> [UInt8]? {
        closeWriter()
        var bytes: [UInt8] = []
        let deadline = MonotonicClock.now() + nanoseconds
        var set = PollSet()
        set.add(reader)
        while true {
            let now = MonotonicClock.now()
            guard now < deadline else { return nil }
            guard try set.wait(nanoseconds: Int64(deadline - now)) else { continue }
            guard let more = try readSome() else { return bytes }
            bytes += more
        }
    }

    private mutating func closeWriter() {
        if hasWriter { close(writer) }
        hasWriter = false
    }

    private func readSome() throws(SystemError) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = try SystemError.check(read(reader, &chunk, chunk.count), "read")
        return count == 0 ? nil : Array(chunk[..<count])
    }
}
