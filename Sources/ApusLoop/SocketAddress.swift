import CLibuv
import Glibc

/// A numeric IP address and a port.
package struct SocketAddress {
    let storage: sockaddr_storage

    /// - Parameter host: a numeric IPv4 or IPv6 address; names are not looked up.
    /// - Throws: `EINVAL` when `host` is neither.
    package init(host: String, port: UInt16) throws(UVError) {
        var storage = sockaddr_storage()
        let code = withUnsafeMutablePointer(to: &storage) { pointer -> CInt in
            let raw = UnsafeMutableRawPointer(pointer)
            if host.utf8.contains(UInt8(ascii: ":")) {
                return uv_ip6_addr(host, CInt(port), raw.assumingMemoryBound(to: sockaddr_in6.self))
            }
            return uv_ip4_addr(host, CInt(port), raw.assumingMemoryBound(to: sockaddr_in.self))
        }
        try UVError.check(code, "parse address")
        self.storage = storage
    }

    init(_ storage: sockaddr_storage) { self.storage = storage }

    var isInternet: Bool { [AF_INET, AF_INET6].contains(CInt(storage.ss_family)) }

    /// Only this machine reaches it: 127.0.0.0/8 (RFC 1122 §3.2.1.3) or ::1 (RFC 4291 §2.5.3).
    var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    /// The numeric address, as `init` takes it.
    package var host: String {
        var copy = storage
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let code = withUnsafePointer(to: &copy) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { uv_ip_name($0, &text, text.count) }
        }
        precondition(code == 0, "an Internet address has a name")
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    package var port: UInt16 {
        var copy = storage
        return withUnsafePointer(to: &copy) {
            $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt16(bigEndian: $0.pointee.sin_port) }
        }  // sin_port and sin6_port lie at the same place
    }
}
