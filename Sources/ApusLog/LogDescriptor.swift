import Glibc

/// A descriptor that a log is written to, whatever it is, without waiting for whoever reads it.
///
/// A pipe or a terminal is opened once more where that is allowed: the description that this process was started with
/// is the shell's as well, and stays as it is.
struct LogDescriptor {
    private enum Kind { case pipe, terminal, socket, file }

    private let number: CInt
    private let kind: Kind
    /// It leads to a description of this process alone, which never waits.
    private var isOwn = false

    /// - Parameter number: stays the caller's.
    init(_ number: CInt) {
        self.number = number
        var status = stat()
        fstat(number, &status)  // of one that is not open each write fails
        switch status.st_mode & S_IFMT {
        case S_IFIFO: kind = .pipe
        case S_IFSOCK: kind = .socket
        case S_IFCHR where isatty(number) == 1: kind = .terminal
        default: kind = .file
        }
    }

    /// Makes the number lead to a description of this process's own. Another user's pipe or terminal cannot be
    /// opened; then nothing changes.
    mutating func open() {
        guard !isOwn, kind == .pipe || kind == .terminal else { return }
        let anew = Glibc.open("/proc/self/fd/\(number)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard anew >= 0 else { return }
        isOwn = dup2(anew, number) >= 0
        close(anew)
    }

    /// Writes what there is room for now.
    /// - Returns: how many bytes; 0 when there is no room, or none of them can be written.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        let byteCount = room(for: bytes.count)
        guard byteCount > 0 else { return 0 }
        while true {
            let count = kind == .socket
                ? send(number, bytes.baseAddress, byteCount, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
                : Glibc.write(number, bytes.baseAddress, byteCount)
            if count >= 0 || errno != EINTR { return max(0, count) }
        }
    }

    /// How many of so many bytes may be given to one write, so that it does not wait and is not cut short where
    /// another process could write in between.
    private func room(for byteCount: Int) -> Int {
        switch kind {
        case .file, .socket: byteCount
        case .terminal: isOwn || isWritable ? byteCount : 0
        case .pipe where isOwn && byteCount <= Int(PIPE_BUF): byteCount
        case .pipe: isWritable ? pipeRoom(for: byteCount) : 0
        }
    }

    private var isWritable: Bool {
        var request = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, 0) > 0
    }

    /// All of them when they surely fit, and a few lines of other processes besides.
    ///
    /// A line begins a new page where it does not fit into the last one, so the bytes that are there take up to twice
    /// their number. What is longer than the whole pipe goes into an empty one piece by piece.
    private func pipeRoom(for byteCount: Int) -> Int {
        var unread: CInt = 0
        guard ioctl(number, UInt(FIONREAD), &unread) == 0 else { return 0 }
        let capacity = Int(fcntl(number, Self.getPipeSize))
        if 2 * Int(unread) + byteCount + 4 * Int(PIPE_BUF) <= capacity { return byteCount }
        guard unread == 0 else { return 0 }
        return isOwn ? byteCount : min(byteCount, max(Int(PIPE_BUF), capacity / 2))
    }

    /// F_GETPIPE_SZ (<fcntl.h>), which the C library shows only to GNU sources.
    private static let getPipeSize: CInt = 1032
}
