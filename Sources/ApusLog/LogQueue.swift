import Glibc

/// Lines of a log that wait to be written, in the order in which they came: a bounded number of bytes.
///
///     taking ──no room for a line──▶ dropping
///       ▲                               │ half of the room is free
///       └───────────────────────────────┘
///
/// While it drops, it counts: a line that tells how many are missing stands where they would have stood.
struct LogQueue {
    /// What may wait, bytes.
    let byteCapacity: Int
    private var bytes: [UInt8] = []
    /// Those before it have been written.
    private var start = 0
    /// Since the last line that told of it.
    private(set) var droppedLineCount = 0

    init(byteCapacity: Int) { self.byteCapacity = byteCapacity }

    var byteCount: Int { bytes.count - start }
    var isEmpty: Bool { byteCount == 0 }

    /// Lines that have not been written, the dropped ones included.
    var unwrittenLineCount: Int { droppedLineCount + bytes[start...].count { $0 == UInt8(ascii: "\n") } }

    /// Takes a line with its end, or drops it.
    mutating func add(_ line: UnsafeRawBufferPointer) {
        if droppedLineCount == 0, byteCount + line.count <= byteCapacity {
            bytes.append(contentsOf: line)
        } else {
            droppedLineCount += 1
        }
    }

    /// Takes lines again when lines were dropped and there is room again.
    /// - Parameter note: the line that tells how many were dropped.
    mutating func resume(_ note: (Int) -> String) {
        guard droppedLineCount > 0, byteCount <= byteCapacity / 2 else { return }
        bytes.append(contentsOf: note(droppedLineCount).utf8)
        droppedLineCount = 0
    }

    /// What belongs into one write: as many whole lines as a pipe takes at once without letting those of another
    /// process in between (pipe(7), PIPE_BUF), or one line that is longer, or the rest of it.
    func withNext<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        bytes.withUnsafeBytes { bytes in
            let rest = bytes[start...]
            guard rest.count > Int(PIPE_BUF) else { return body(UnsafeRawBufferPointer(rebasing: rest)) }
            let newline = UInt8(ascii: "\n")
            let last = rest.prefix(Int(PIPE_BUF)).lastIndex(of: newline) ?? rest.firstIndex(of: newline)
            return body(UnsafeRawBufferPointer(rebasing: rest[...(last ?? rest.endIndex - 1)]))
        }
    }

    /// So many of the next bytes were written.
    mutating func wrote(_ byteCount: Int) {
        start += byteCount
        guard start * 2 >= bytes.count else { return }
        bytes.removeFirst(start)
        start = 0
    }

    mutating func removeAll() {
        bytes.removeAll()
        start = 0
        droppedLineCount = 0
    }
}
