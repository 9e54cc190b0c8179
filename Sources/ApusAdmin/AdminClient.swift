import Glibc

/// Asks the supervisor one question on its admin socket.
///
/// The client writes one line (`status`, `reload wait`) and reads to the end. The first line of the
/// answer is `ok` or `error SENTENCE`; what follows is the payload.
package struct AdminClient {
    /// The name of the socket in the runtime directory.
    package static let socketName = "admin.sock"
    /// The status of ten thousand workers is about 1 MiB.
    package static let maxAnswerByteCount = 64 << 20

    package let socket: String

    package init(runtimeDirectory: String) {
        socket = runtimeDirectory + "/" + Self.socketName
    }

    /// Sends `question` and gives the payload.
    ///
    /// - Parameter seconds: how long the supervisor may be silent.
    /// - Throws: `unreachable`, `brokenAnswer`, or `refused` with the supervisor's sentence.
    package func ask(_ question: String, within seconds: Int) throws(AdminError) -> [UInt8] {
        let descriptor = try connect()
        defer { close(descriptor) }
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        try send(Array("\(question)\n".utf8), on: descriptor)
        return try payload(of: receiveAll(from: descriptor))
    }

    /// Whether a supervisor listens there.
    package var isReachable: Bool {
        guard let descriptor = try? connect() else { return false }
        close(descriptor)
        return true
    }

    private func connect() throws(AdminError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(socket.utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .unreachable(socket: socket, reason: "its path is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }  // the rest is zero
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw unreachable() }
        let connected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            let error = unreachable()
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private func send(_ bytes: [UInt8], on descriptor: Int32) throws(AdminError) {
        // MSG_NOSIGNAL: a supervisor that just ended must not end us by SIGPIPE.
        let sent = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard sent == bytes.count else { throw unreachable() }
    }

    private func receiveAll(from descriptor: Int32) throws(AdminError) -> [UInt8] {
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { return answer }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let late = errno == EAGAIN || errno == EWOULDBLOCK
                throw late ? .unreachable(socket: socket, reason: "it does not answer in time") : unreachable()
            }
            answer += chunk[..<count]
            guard answer.count <= Self.maxAnswerByteCount else {
                throw .brokenAnswer(socket: socket, problem: "it is longer than \(Self.maxAnswerByteCount) bytes")
            }
        }
    }

    private func payload(of answer: [UInt8]) throws(AdminError) -> [UInt8] {
        guard let end = answer.firstIndex(of: UInt8(ascii: "\n")) else {
            throw .brokenAnswer(socket: socket, problem: "it ends within its first line")
        }
        let line = String(decoding: answer[..<end], as: UTF8.self)
        if line == "ok" { return Array(answer[(end + 1)...]) }
        guard line.hasPrefix("error ") else {
            throw .brokenAnswer(socket: socket, problem: "its first line is neither 'ok' nor 'error …'")
        }
        throw .refused(String(line.dropFirst("error ".count)))
    }

    private func unreachable() -> AdminError {
        .unreachable(socket: socket, reason: String(cString: strerror(errno)))
    }
}
