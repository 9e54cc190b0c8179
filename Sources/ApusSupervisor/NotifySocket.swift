import Glibc

/// Sends messages to the service manager: datagrams on a Unix socket, as sd_notify(3) describes them.
///
/// It never waits: the loop that sends also serves.
struct NotifySocket {
    /// `sun_path` holds 108 bytes; a path ends with a zero.
    static let addressByteLimit = 107

    private let descriptor: CInt
    private let address: sockaddr_un
    private let addressByteCount: socklen_t

    /// - Parameter address: a path, or `@` and an abstract name (unix(7)), `addressByteLimit` bytes at most.
    /// - Returns: nil when no socket can be made.
    init?(address text: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(text.utf8)
        precondition(bytes.count <= Self.addressByteLimit, "ServiceEnvironment has looked at its length")
        let isAbstract = bytes.first == UInt8(ascii: "@")
        if isAbstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        self.address = address
        let pathOffset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        // The name of an abstract socket ends with the address, not with a zero.
        addressByteCount = socklen_t(pathOffset + bytes.count + (isAbstract ? 0 : 1))
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
    }

    /// What became of a message.
    enum Outcome: Equatable {
        case sent
        /// The service manager has not read what it got before.
        case full
        /// Nobody reads there, or not from us: the error's number.
        case failed(CInt)
    }

    /// - Parameter passing: a descriptor that goes with the message.
    func send(_ text: String, passing passed: CInt? = nil) -> Outcome {
        var address = address
        var bytes = Array(text.utf8)
        var control = passed.map(Self.controlMessage) ?? []
        let sent = withUnsafeMutableBytes(of: &address) { address in
            bytes.withUnsafeMutableBytes { bytes in
                control.withUnsafeMutableBytes { control in
                    var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                    return withUnsafeMutablePointer(to: &part) { part in
                        var message = msghdr()
                        message.msg_name = address.baseAddress
                        message.msg_namelen = addressByteCount
                        message.msg_iov = part
                        message.msg_iovlen = 1
                        message.msg_control = control.isEmpty ? nil : control.baseAddress
                        message.msg_controllen = control.count
                        return sendmsg(descriptor, &message, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
                    }
                }
            }
        }
        guard sent < 0 else { return .sent }
        return errno == EAGAIN || errno == EWOULDBLOCK ? .full : .failed(errno)
    }

    func close() { Glibc.close(descriptor) }

    /// A control message of one descriptor. CMSG_LEN and its like are macros; this is their layout on 64-bit
    /// Linux (cmsg(3)):
    ///
    ///     offset  size  field
    ///          0     8  cmsg_len: 20, what follows included
    ///          8     4  cmsg_level: SOL_SOCKET
    ///         12     4  cmsg_type: SCM_RIGHTS
    ///         16     4  the descriptor
    ///         20     4  padding to 8
    private static func controlMessage(_ passed: CInt) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 24)
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: 20, toByteOffset: 0, as: Int.self)
            $0.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: CInt.self)
            $0.storeBytes(of: CInt(SCM_RIGHTS), toByteOffset: 12, as: CInt.self)
            $0.storeBytes(of: passed, toByteOffset: 16, as: CInt.self)
        }
        return bytes
    }
}
