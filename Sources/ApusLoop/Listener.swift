import CLibuv
import Glibc

/// Accepts connections from a listening socket.
///
/// When `onConnection` does not call `accept()`, libuv stops polling the socket until it is called, and the
/// rest wait in the kernel's backlog: that is how a full process says "not now".
package final class Listener {
    /// The kernel's queue of connections not yet accepted. Also bounded by net.core.somaxconn.
    package static let backlog: CInt = 4096

    private enum Memory { case tcp(HandleMemory<uv_tcp_t>), pipe(HandleMemory<uv_pipe_t>) }

    private var memory: Memory
    private let loop: Loop
    private let onConnection: (Listener) -> Void
    private var isOpen = true

    /// Listens on a socket that is bound already. The descriptor is closed with the listener.
    /// - Parameter isUnix: a Unix socket, else TCP.
    package init(
        descriptor: CInt, isUnix: Bool, on loop: Loop, onConnection: @escaping (Listener) -> Void
    ) throws(UVError) {
        self.loop = loop
        self.onConnection = onConnection
        var code: CInt
        if isUnix {
            let handle = HandleMemory<uv_pipe_t>()
            uv_pipe_init(loop.raw, handle.raw, 0)
            memory = .pipe(handle)
            handle.retain(self)
            code = uv_pipe_open(handle.raw, descriptor)
        } else {
            let handle = HandleMemory<uv_tcp_t>()
            uv_tcp_init(loop.raw, handle.raw)
            memory = .tcp(handle)
            handle.retain(self)
            code = uv_tcp_open(handle.raw, descriptor)
        }
        if code == 0 {
            code = uv_listen(rawStream, Listener.backlog) { stream, status in
                guard status == 0 else { return }  // the connection was gone before it was accepted
                let listener: Listener = owner(stream!.pointee.data)
                listener.onConnection(listener)
            }
        }
        guard code == 0 else {
            close()
            throw UVError(code: code, call: "listen")
        }
    }

    deinit {
        switch memory {
        case .tcp(let handle): handle.deallocate()
        case .pipe(let handle): handle.deallocate()
        }
    }

    private var rawStream: UnsafeMutablePointer<uv_stream_t> {
        switch memory {
        case .tcp(let handle):
            UnsafeMutableRawPointer(handle.raw).assumingMemoryBound(to: uv_stream_t.self)
        case .pipe(let handle):
            UnsafeMutableRawPointer(handle.raw).assumingMemoryBound(to: uv_stream_t.self)
        }
    }

    /// The connection that was announced. Call at most once for each announcement.
    package func accept() throws(UVError) -> Stream {
        let stream: Stream
        switch memory {
        case .tcp: stream = .tcp(on: loop)
        case .pipe: stream = .pipe(on: loop)
        }
        let code = uv_accept(rawStream, stream.rawStream)
        guard code == 0 else {
            stream.close()
            throw UVError(code: code, call: "uv_accept")
        }
        return stream
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        switch memory {
        case .tcp(var handle):
            handle.close { (lastReference($0!.pointee.data) as Listener).markClosed() }
            memory = .tcp(handle)
        case .pipe(var handle):
            handle.close { (lastReference($0!.pointee.data) as Listener).markClosed() }
            memory = .pipe(handle)
        }
    }

    private func markClosed() {
        switch memory {
        case .tcp(var handle):
            handle.markClosed()
            memory = .tcp(handle)
        case .pipe(var handle):
            handle.markClosed()
            memory = .pipe(handle)
        }
    }
}
