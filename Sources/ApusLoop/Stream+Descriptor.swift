import CLibuv
import Glibc

extension Stream {
    /// Writes `bytes`, which are few, and passes a descriptor with the first of them (unix(7), SCM_RIGHTS): all of it
    /// now, or nothing. Only for Unix sockets. The descriptor stays the caller's.
    ///
    /// libuv passes its own handles only.
    /// - Returns: false when nothing was taken: writes are queued, the socket is full or broken, or too many
    ///   descriptors are under way.
    package func tryWrite(_ bytes: UnsafeRawBufferPointer, passing descriptor: CInt) -> Bool {
        guard isOpen, queuedByteCount == 0 else { return false }
        let socket = self.descriptor
        return withUnsafeTemporaryAllocation(byteCount: Self.controlByteCount, alignment: 8) { control in
            control.initializeMemory(as: UInt8.self, repeating: 0)
            var header = cmsghdr()
            header.cmsg_len = Self.controlHeaderByteCount + MemoryLayout<CInt>.size
            header.cmsg_level = SOL_SOCKET
            header.cmsg_type = Self.rights
            control.storeBytes(of: header, as: cmsghdr.self)
            control.storeBytes(of: descriptor, toByteOffset: Self.controlHeaderByteCount, as: CInt.self)
            return withMessage(UnsafeMutableRawBufferPointer(mutating: bytes), control: control) { message in
                let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
                var count: Int
                repeat { count = sendmsg(socket, &message, flags) } while count < 0 && errno == EINTR
                // The kernel takes a message that fits into one of its buffers whole or not at all.
                precondition(count < 0 || count == bytes.count, "few bytes are written as one")
                return count >= 0
            }
        }
    }

    /// CMSG_LEN(0) and CMSG_SPACE(sizeof(int)) on a machine of 64 bits (cmsg(3)): the importer sees no macros.
    private static let controlHeaderByteCount = MemoryLayout<cmsghdr>.size
    private static let controlByteCount = controlHeaderByteCount + 8
    /// SCM_RIGHTS (<bits/socket.h>).
    private static let rights: CInt = 1
}
