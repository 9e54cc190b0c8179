import CLibuv
import Glibc

/// Two connected Unix sockets: one for us, one for a child to inherit.
package enum SocketPair {
    /// - Returns: two descriptors, closed on exec, so that only a child that is given one keeps it.
    package static func make() throws(UVError) -> (ours: CInt, theirs: CInt) {
        var pair: (CInt, CInt) = (-1, -1)
        let code = withUnsafeMutablePointer(to: &pair) {
            $0.withMemoryRebound(to: CInt.self, capacity: 2) {
                uv_socketpair(CInt(SOCK_STREAM.rawValue), 0, $0, 0, 0)
            }
        }
        try UVError.check(code, "uv_socketpair")
        return pair
    }

    /// Closes a descriptor that was handed to a child.
    package static func close(_ descriptor: CInt) { Glibc.close(descriptor) }
}
