import ApusLoop
import Glibc

/// What came on a blocking socket in one read, and the descriptor that came with it, the caller's to close.
package func receiveWithDescriptor(_ socket: CInt) -> (bytes: [UInt8], descriptor: CInt?) {
    var bytes = [UInt8](repeating: 0, count: 1000)
    var control = [UInt64](repeating: 0, count: 3)
    return bytes.withUnsafeMutableBytes { data in
        control.withUnsafeMutableBytes { control in
            withMessage(data, control: control) { message in
                let count = recvmsg(socket, &message, 0)
                let isPassed = message.msg_controllen > 0
                let descriptor = control.loadUnaligned(fromByteOffset: 16, as: CInt.self)
                return (Array(data[..<max(0, count)]), isPassed ? descriptor : nil)
            }
        }
    }
}
