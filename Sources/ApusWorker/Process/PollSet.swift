import CProcess
import Glibc

/// The descriptors that a process waits for, set up anew for each wait in memory that is used again.
struct PollSet {
    private var entries: [pollfd] = []

    /// Starts over, with nothing to wait for.
    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    /// - Returns: where to look with `isReady`.
    @discardableResult
    mutating func add(_ descriptor: Int32, toWrite: Bool = false) -> Int {
        let events = Int16(toWrite ? POLLOUT : POLLIN)
        entries.append(pollfd(fd: descriptor, events: events, revents: 0))
        return entries.count - 1
    }

    /// Waits until something is ready, an error included, or the time is over.
    /// - Parameter nanoseconds: negative waits without end.
    /// - Returns: whether something is ready.
    mutating func wait(nanoseconds: Int64 = -1) throws(SystemError) -> Bool {
        let count = entries.count
        let ready = entries.withUnsafeMutableBufferPointer { apus_poll($0.baseAddress, count, nanoseconds) }
        return try SystemError.check(ready, "ppoll") > 0
    }

    /// The last wait found something to do there, were it an end or an error.
    func isReady(_ index: Int) -> Bool { entries[index].revents != 0 }
}
