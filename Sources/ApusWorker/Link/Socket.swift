import CProcess
import Glibc

/// A descriptor that is closed when it is given up. Its reads and writes never wait.
struct Socket: ~Copyable {
    /// What one read or write came to.
    enum Outcome: Equatable {
        case moved(byteCount: Int)
        /// Nothing now: poll says when to try again.
        case wouldBlock
        /// The peer is gone.
        case closed
    }

    let descriptor: Int32

    /// Takes over `descriptor`, which is made close-on-exec and non-blocking by whoever opened it.
    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Gives the descriptor to the caller.
    consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    /// Reads what is there, at most the room of `memory`, which is not empty.
    func receive(into memory: UnsafeMutableRawBufferPointer) -> Outcome {
        outcome { recv(descriptor, memory.baseAddress, memory.count, Int32(MSG_DONTWAIT)) }
    }

    /// The same for a peer that passes descriptors.
    /// - Parameter passed: becomes the descriptor that came with it, the caller's to close; -1 when none did. The
    ///   kernel ends a read behind the bytes that one came with.
    func receive(into memory: UnsafeMutableRawBufferPointer, passed: inout Int32) -> Outcome {
        outcome { apus_receive(descriptor, memory.baseAddress, memory.count, &passed) }
    }

    private func outcome(_ read: () -> Int) -> Outcome {
        while true {
            let count = read()
            if count > 0 { return .moved(byteCount: count) }
            if count == 0 { return .closed }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .closed }
        }
    }

    /// Writes as many of `bytes` as fit now.
    func send(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        while true {
            let count = Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
            if count >= 0 { return .moved(byteCount: count) }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .closed }
        }
    }

    /// Sends all of `bytes`, waiting where it must. For the few bytes of a control message.
    func sendAll(_ bytes: [UInt8], passing descriptor: Int32 = -1) throws(SystemError) {
        try SystemError.check(apus_send(self.descriptor, bytes, bytes.count, descriptor), "sendmsg")
    }
}

extension Socket {
    /// Two connected sockets, closed on exec.
    static func pair() throws(SystemError) -> (Int32, Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutablePointer(to: &ends) { tuple in
            tuple.withMemoryRebound(to: Int32.self, capacity: 2) {
                socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, $0)
            }
        }
        try SystemError.check(result, "socketpair")
        return ends
    }

    /// A socket that listens at `path`, where only this user may connect. A file that is there is in nobody's
    /// use, paths are never given twice, and is replaced.
    /// - Parameter path: at most 107 bytes (unix(7)).
    static func listening(at path: String) throws(SystemError) -> Socket {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = Socket(owning: try SystemError.check(Glibc.socket(AF_UNIX, kind, 0), "socket"))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError(call: "bind", code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        unlink(path)
        // On Linux a socket's file gets the mode that the socket has, less the umask.
        try SystemError.check(fchmod(socket.descriptor, 0o600), "fchmod")
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try SystemError.check(bound, "bind")
        try SystemError.check(listen(socket.descriptor, 128), "listen")
        return socket
    }

    /// The next connection; nil when nobody waits.
    func accept() -> Int32? {
        let accepted = apus_accept(descriptor)
        return accepted >= 0 ? accepted : nil
    }
}
