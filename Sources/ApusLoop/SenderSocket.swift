import CLibuv
import Glibc

/// A pair of Unix sockets whose reading end tells which process wrote what (unix(7), SO_PASSCRED): many processes
/// can share the writing end.
package enum SenderSocket {
    /// - Returns: both ends, closed on exec and never waiting; the writing end does not in a `Child` either.
    package static func make() throws(UVError) -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw UVError(code: -errno, call: "socketpair") }
        var yes: CInt = 1
        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &yes, socklen_t(MemoryLayout<CInt>.size))
        return (ends[0], ends[1])
    }

    /// What one process wrote: the next bytes, at most the room of `memory`. The bytes of two are never joined.
    /// - Returns: nil when nothing is there.
    package static func receive(
        _ reading: CInt, into memory: UnsafeMutableRawBufferPointer
    ) -> (process: pid_t, byteCount: Int)? {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { control in
            withMessage(memory, control: control) { message in
                let count = recvmsg(reading, &message, CInt(MSG_DONTWAIT))
                guard count > 0 else { return nil }
                return (sender(UnsafeRawBufferPointer(rebasing: control[..<Int(message.msg_controllen)])), count)
            }
        }
    }

    /// The process id, first in the `ucred` behind its `cmsghdr` (cmsg(3)); 0 when there is none.
    private static func sender(_ control: UnsafeRawBufferPointer) -> pid_t {
        let headerByteCount = MemoryLayout<cmsghdr>.size
        guard control.count >= headerByteCount + Self.credentialByteCount else { return 0 }
        let header = control.loadUnaligned(as: cmsghdr.self)
        guard header.cmsg_level == SOL_SOCKET, header.cmsg_type == Self.credentials else { return 0 }
        return control.loadUnaligned(fromByteOffset: headerByteCount, as: pid_t.self)
    }

    /// SCM_CREDENTIALS and the size of `ucred` (<bits/socket.h>), which the C library shows only to GNU sources.
    private static let credentials: CInt = 2
    private static let credentialByteCount = 12
}
