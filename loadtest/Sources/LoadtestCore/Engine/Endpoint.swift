import Glibc

/// Where the server listens, and what it is called in the `Host` field.
package struct Endpoint: Equatable, Sendable {
    package enum Address: Equatable, Sendable {
        /// `host` is numeric.
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    package var address: Address
    /// The value of the `Host` field.
    package var authority: String
    /// The path of the URL as given, with its query; empty when there was none.
    package var path: String

    package init(address: Address, authority: String, path: String) {
        self.address = address
        self.authority = authority
        self.path = path
    }
}

extension Endpoint {
    /// Reads `http://HOST[:PORT][/PATH]`, `HOST:PORT`, or `unix:/path/to.sock[:/PATH]`, and looks the host's
    /// name up.
    /// - Throws: `UsageError` for what is neither, for https, and for a name nobody knows.
    package init(url: String) throws(UsageError) {
        if url.hasPrefix("unix:") {
            self = try Endpoint.unix(url.dropFirst(5), url)
            return
        }
        if url.hasPrefix("https://") {
            throw UsageError(
                "loadtest speaks plain http; put \(url) behind http:// or measure the server behind its TLS proxy"
            )
        }
        var rest = url[...]
        if rest.hasPrefix("http://") {
            rest = rest.dropFirst(7)
        } else if rest.contains("://") {
            throw UsageError("\"\(url)\" is not an http:// URL")
        }
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<slash]
        let path = String(rest[slash...])
        let (host, port) = try Endpoint.split(authority, url)
        let numeric = try Endpoint.lookUp(host)
        self.init(
            address: .tcp(host: numeric, port: port), authority: String(authority),
            path: path.hasPrefix("?") ? "/" + path : path)
    }

    /// The same server, another path.
    package func at(_ path: String) -> Endpoint {
        var copy = self
        copy.path = path
        return copy
    }

    private static func unix(_ rest: Substring, _ url: String) throws(UsageError) -> Endpoint {
        var socket = rest
        while socket.hasPrefix("//") { socket = socket.dropFirst() }
        var path = ""
        if let colon = socket.firstIndex(of: ":") {
            path = String(socket[socket.index(after: colon)...])
            socket = socket[..<colon]
        }
        guard !socket.isEmpty, socket.utf8.count <= 107 else {
            throw UsageError("\"\(url)\" is not unix:/PATH with a path of at most 107 bytes")
        }
        return Endpoint(address: .unix(path: String(socket)), authority: "localhost", path: path)
    }

    private static func split(
        _ authority: Substring, _ url: String
    ) throws(UsageError) -> (host: String, port: UInt16) {
        var host = authority
        var port: UInt16 = 80
        let bracket = authority.lastIndex(of: "]")
        if let colon = authority.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
            host = authority[..<colon]
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0
            else {
                throw UsageError("\"\(url)\" has no port from 1 to 65535 after its colon")
            }
            port = number
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { throw UsageError("\"\(url)\" names no host") }
        return (String(host), port)
    }

    private static func lookUp(_ host: String) throws(UsageError) -> String {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &found)
        guard code == 0, let first = found else {
            throw UsageError(
                "cannot find the host \"\(host)\": \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        // A server on "localhost" most often listens on IPv4 only, so that is taken where there is one.
        var entry = first
        while entry.pointee.ai_family != AF_INET, let next = entry.pointee.ai_next { entry = next }
        if entry.pointee.ai_family != AF_INET { entry = first }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        getnameinfo(
            entry.pointee.ai_addr, entry.pointee.ai_addrlen, &name, socklen_t(name.count), nil, 0,
            NI_NUMERICHOST)
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
