import Glibc
import Synchronization

/// Where a process writes its log to: nobody ever waits for whoever reads it.
///
/// What the reader does not take yet waits in memory, up to `byteCapacity`; what comes then is dropped, and a line
/// says how many lines are missing once there is room again. The same goes for a disk that is full.
package final class LogOutput: Sendable {
    /// What may wait, bytes: some thousand lines.
    static let byteCapacity = 1 << 20

    package static let standardOutput = LogOutput(STDOUT_FILENO)
    package static let standardError = LogOutput(STDERR_FILENO)

    fileprivate struct State {
        var descriptor: LogDescriptor
        var queue: LogQueue
        /// Whose lines wait: a forked process leaves its parent's to the parent.
        var process = getpid()
        var speaker = Speaker()
    }

    /// Who tells of lines that were dropped, and in which form.
    fileprivate struct Speaker {
        var role = ""
        var format = LogFormat.text

        func note(_ droppedLineCount: Int) -> String {
            LogLine(
                time: .now(), level: .warning, role: role,
                message: "lines of this log were dropped here, for they could not be written",
                metadata: ["lines": "\(droppedLineCount)"]
            ).text(format)
        }
    }

    private let state: Mutex<State>

    /// - Parameter descriptor: stays the caller's.
    init(_ descriptor: CInt, byteCapacity: Int = LogOutput.byteCapacity) {
        state = Mutex(
            State(descriptor: LogDescriptor(descriptor), queue: LogQueue(byteCapacity: byteCapacity)))
    }

    /// Makes the descriptor this process's own, where that can be, and says who speaks.
    func open(role: String, format: LogFormat) {
        state.withLock { state in
            state.descriptor.open()
            state.speaker = Speaker(role: role, format: format)
        }
    }

    /// Writes a line with its end, now or when there is room for it.
    package func write(_ line: UnsafeRawBufferPointer) {
        state.withLock { state in
            state.leaveToParent()
            state.flush()
            state.queue.add(line)
            if !state.flush() { state.process = getpid() }
        }
    }

    /// Writes what waits, as far as there is room for it. A process with a loop calls it now and then.
    /// - Returns: whether nothing is left.
    @discardableResult
    package func flush() -> Bool {
        state.withLock { state in
            state.leaveToParent()
            return state.flush()
        }
    }

    /// Writes what waits before the process ends, or becomes another program: as long as it is read, and not longer
    /// than a second.
    /// - Returns: how many lines are lost.
    @discardableResult
    package func finish() -> Int {
        var left = Int.max
        var stalledMilliseconds = 0
        for _ in 0..<1000 where stalledMilliseconds < 50 {
            if flush() { return 0 }
            let now = state.withLock { $0.queue.byteCount }
            stalledMilliseconds = now < left ? 0 : stalledMilliseconds + 1
            left = now
            usleep(1000)
        }
        return state.withLock { $0.queue.unwrittenLineCount }
    }

    /// Writes how many lines are missing of another output.
    func tell(droppedLineCount: Int) {
        var line = state.withLock { $0.speaker }.note(droppedLineCount)
        line.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }
}

extension LogOutput.State {
    fileprivate mutating func leaveToParent() {
        if !queue.isEmpty, process != getpid() { queue.removeAll() }
    }

    @discardableResult
    fileprivate mutating func flush() -> Bool {
        while true {
            if queue.droppedLineCount > 0 { queue.resume(speaker.note) }
            if queue.isEmpty { return true }
            let byteCount = queue.withNext(descriptor.write)
            guard byteCount > 0 else { return false }
            queue.wrote(byteCount)
        }
    }
}
