import CLibuv

/// An attempt to connect. Calls back exactly once, on a later turn of the loop.
package enum Connector {
    /// Connects to a Unix socket.
    /// - Parameter path: at most 107 bytes (`sun_path`); a longer one fails with `ENAMETOOLONG`.
    package static func connect(
        path: String, on loop: Loop, onResult: @escaping (Result<Stream, UVError>) -> Void
    ) throws(UVError) {
        guard path.utf8.count <= 107 else { throw UVError(code: UV_ENAMETOOLONG.rawValue, call: "connect") }
        let attempt = Attempt(.pipe(on: loop), onResult)
        // uv_pipe_connect reports every failure through the callback.
        uv_pipe_connect(attempt.request, attempt.stream.rawPipe!, path, Attempt.finish)
    }

    /// Connects over TCP.
    /// - Parameter host: a numeric IPv4 or IPv6 address.
    package static func connect(
        host: String, port: UInt16, on loop: Loop,
        onResult: @escaping (Result<Stream, UVError>) -> Void
    ) throws(UVError) {
        var address = try SocketAddress(host: host, port: port).storage
        let attempt = Attempt(.tcp(on: loop), onResult)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                uv_tcp_connect(attempt.request, attempt.stream.rawTCP!, $0, Attempt.finish)
            }
        }
        guard code == 0 else {
            attempt.abandon()
            throw UVError(code: code, call: "uv_tcp_connect")
        }
    }
}

/// Keeps the request's memory and the stream until libuv calls back.
private final class Attempt {
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    let stream: Stream
    private let onResult: (Result<Stream, UVError>) -> Void

    init(_ stream: Stream, _ onResult: @escaping (Result<Stream, UVError>) -> Void) {
        self.stream = stream
        self.onResult = onResult
        request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    deinit { request.deallocate() }

    /// libuv refused the call and will not call back.
    func abandon() {
        stream.close()
        Unmanaged.passUnretained(self).release()
    }

    static let finish: uv_connect_cb = { request, code in
        let attempt: Attempt = lastReference(request!.pointee.data)
        if code == 0 {
            attempt.onResult(.success(attempt.stream))
        } else {
            attempt.stream.close()
            attempt.onResult(.failure(UVError(code: code, call: "connect")))
        }
    }
}
