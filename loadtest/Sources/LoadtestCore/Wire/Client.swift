import Glibc

/// A plain client that asks one thing and waits: for a model's description, for metrics, for the
/// expected answers. Not for the load.
package struct Client {
    package struct Answer {
        package var head: ResponseHead
        /// Without the framing, and inflated.
        package var body: [UInt8]
        package var status: Int { head.status }
        package var json: JSON? { try? JSON.parse(body) }
    }

    /// Why there is no answer.
    package enum Failure: Error, Equatable {
        case cannotConnect(String)
        case noAnswer(String)
        case notHTTP
    }

    package let endpoint: Endpoint
    /// How long each step may take.
    package var timeoutSeconds = 5

    package init(_ endpoint: Endpoint, timeoutSeconds: Int = 5) {
        self.endpoint = endpoint
        self.timeoutSeconds = timeoutSeconds
    }

    package func get(_ path: String) throws(Failure) -> Answer {
        try ask(
            Array(
                "GET \(path) HTTP/1.1\r\nHost: \(endpoint.authority)\r\nConnection: close\r\n\r\n"
                    .utf8))
    }

    package func post(_ path: String, body: [UInt8]) throws(Failure) -> Answer {
        let head =
            "POST \(path) HTTP/1.1\r\nHost: \(endpoint.authority)\r\nConnection: close\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        return try ask(Array(head.utf8) + body)
    }

    /// Sends the bytes of one request over a connection of its own.
    package func ask(_ request: [UInt8]) throws(Failure) -> Answer {
        let descriptor = try connect()
        defer { close(descriptor) }
        try write(request, descriptor)
        return try read(descriptor)
    }

    // MARK: The socket

    private func connect() throws(Failure) -> CInt {
        let descriptor: CInt
        switch endpoint.address {
        case .unix(let path):
            descriptor = socket(
                AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            try connect(descriptor, &address, MemoryLayout<sockaddr_un>.size)
        case .tcp(let host, let port):
            if host.contains(":") {
                descriptor = socket(
                    AF_INET6, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
                var address = sockaddr_in6()
                address.sin6_family = sa_family_t(AF_INET6)
                address.sin6_port = port.bigEndian
                inet_pton(AF_INET6, host, &address.sin6_addr)
                try connect(descriptor, &address, MemoryLayout<sockaddr_in6>.size)
            } else {
                descriptor = socket(
                    AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                inet_pton(AF_INET, host, &address.sin_addr)
                try connect(descriptor, &address, MemoryLayout<sockaddr_in>.size)
            }
        }
        return descriptor
    }

    private func connect<Address>(
        _ descriptor: CInt, _ address: inout Address, _ byteCount: Int
    ) throws(Failure) {
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(byteCount))
            }
        }
        guard code == 0 else {
            let reason = errno == EINPROGRESS ? "timed out" : String(cString: strerror(errno))
            close(descriptor)
            throw .cannotConnect(reason)
        }
    }

    private func write(_ bytes: [UInt8], _ descriptor: CInt) throws(Failure) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress! + offset, bytes.count - offset, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw .noAnswer(String(cString: strerror(errno))) }
            offset += count
        }
    }

    private func read(_ descriptor: CInt) throws(Failure) -> Answer {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0 && errno == EINTR { continue }
            if count < 0 {
                throw .noAnswer(
                    errno == EAGAIN
                        ? "no answer in \(timeoutSeconds) s" : String(cString: strerror(errno)))
            }
            bytes.append(contentsOf: piece[..<count])
            if let answer = try complete(&bytes, ended: count == 0) { return answer }
            if count == 0 {
                throw bytes.isEmpty
                    ? .noAnswer("the connection was closed without an answer") : .notHTTP
            }
        }
    }

    /// The answer, when all of it is there.
    private func complete(_ bytes: inout [UInt8], ended: Bool) throws(Failure) -> Answer? {
        switch bytes.withUnsafeBytes(ResponseHead.parse) {
        case .malformed: throw .notHTTP
        case .incomplete: return nil
        case .head(let head):
            if head.status < 200 {
                bytes.removeFirst(head.byteCount)
                return try complete(&bytes, ended: ended)
            }
            let rest = Array(bytes[head.byteCount...])
            guard let body = try body(head, rest, ended: ended) else { return nil }
            guard head.isGzip else { return Answer(head: head, body: body) }
            do {
                let plain = try body.withUnsafeBytes { (bytes) throws(WrongAnswer) in
                    try Gzip.inflate(bytes)
                }
                return Answer(head: head, body: plain)
            } catch {
                throw .notHTTP
            }
        }
    }

    private func body(
        _ head: ResponseHead, _ rest: [UInt8], ended: Bool
    ) throws(Failure) -> [UInt8]? {
        switch head.framing {
        case .length(let count): return rest.count >= count ? Array(rest[..<count]) : nil
        case .untilClose: return ended ? rest : nil
        case .chunked:
            var chunks = ChunkedBody()
            var body: [UInt8] = []
            do {
                let end = try rest.withUnsafeBytes { (bytes) throws(MalformedAnswer) in
                    try chunks.consume(bytes, onData: { body.append(contentsOf: $0) })
                }
                return end == nil ? nil : body
            } catch {
                throw .notHTTP
            }
        }
    }
}
