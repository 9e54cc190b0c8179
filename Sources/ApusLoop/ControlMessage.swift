import Glibc

/// Calls `body` with what sendmsg(2) and recvmsg(2) take: one piece of memory, and room for control data.
package func withMessage<R>(
    _ bytes: UnsafeMutableRawBufferPointer, control: UnsafeMutableRawBufferPointer, _ body: (inout msghdr) -> R
) -> R {
    var piece = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
    return withUnsafeMutablePointer(to: &piece) { piece in
        var message = msghdr()
        message.msg_iov = piece
        message.msg_iovlen = 1
        message.msg_control = control.baseAddress
        message.msg_controllen = control.count
        return body(&message)
    }
}
