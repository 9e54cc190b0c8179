import CLibuv
import Glibc

/// Listening sockets as plain descriptors, to be inherited by children. Nothing polls them here.
package enum ListeningSocket {
    /// Binds and listens on TCP. The descriptor is closed on exec.
    /// - Parameter host: a numeric address. `port` 0 lets the kernel choose; see `boundPort`.
    /// - Throws: `EADDRINUSE`, `EACCES`, …
    package static func tcp(host: String, port: UInt16) throws(UVError) -> CInt {
        let wanted = try SocketAddress(host: host, port: port)
        var address = wanted.storage
        let family = CInt(address.ss_family)
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw last("socket") }
        var yes: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        if wanted.isLoopback { useCheapCongestionControl(descriptor) }
        let byteCount = family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(byteCount))
            }
        }
        return try listening(descriptor, bound: code)
    }

    /// Nothing is lost or congested on the way from a machine to itself, so the simplest algorithm will do there
    /// (tcp(7), TCP_CONGESTION; every kernel has it). Where the default is bbr, that saves the pacing of each answer.
    /// Connections have what their listener has.
    private static func useCheapCongestionControl(_ descriptor: CInt) {
        let name = Array("reno".utf8)
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_CONGESTION, name, socklen_t(name.count))
    }

    /// Binds and listens on a Unix socket, to which only this user may connect. A file of that name is replaced.
    /// - Parameter path: at most 107 bytes.
    package static func unix(path: String) throws(UVError) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count <= 107 else { throw UVError(code: UV_ENAMETOOLONG.rawValue, call: "bind") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw last("socket") }
        unlink(path)
        // On Linux a socket's file gets the mode that the socket has, less the umask.
        guard fchmod(descriptor, 0o600) == 0 else {
            let error = last("fchmod")
            close(descriptor)
            throw error
        }
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return try listening(descriptor, bound: code)
    }

    /// The port that a listening TCP socket has.
    package static func boundPort(_ descriptor: CInt) throws(UVError) -> UInt16 {
        try boundAddress(descriptor).port
    }

    private static func boundAddress(_ descriptor: CInt) throws(UVError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard code == 0 else { throw last("getsockname") }
        return SocketAddress(storage)
    }

    /// Takes a socket that somebody else bound and listens on, and has it closed on exec.
    /// - Returns: where it listens.
    /// - Throws: `EBADF`, `ENOTSOCK`, or `EINVAL` when it is not a TCP socket that listens.
    package static func adopt(_ descriptor: CInt) throws(UVError) -> SocketAddress {
        for (option, wanted) in [(SO_ACCEPTCONN, 1), (SO_TYPE, CInt(SOCK_STREAM.rawValue))] {
            var found: CInt = 0
            var byteCount = socklen_t(MemoryLayout<CInt>.size)
            guard getsockopt(descriptor, SOL_SOCKET, option, &found, &byteCount) == 0 else { throw last("getsockopt") }
            guard found == wanted else { throw UVError(code: UV_EINVAL.rawValue, call: "adopt a socket") }
        }
        let address = try boundAddress(descriptor)
        guard address.isInternet else { throw UVError(code: UV_EINVAL.rawValue, call: "adopt a socket") }
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw last("fcntl") }
        return address
    }

    private static func listening(_ descriptor: CInt, bound: CInt) throws(UVError) -> CInt {
        if bound != 0 {
            let error = last("bind")
            close(descriptor)
            throw error
        }
        if listen(descriptor, Listener.backlog) != 0 {
            let error = last("listen")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func last(_ call: StaticString) -> UVError { UVError(code: -errno, call: call) }
}
