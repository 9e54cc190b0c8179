import ApusLoop

/// The socket on which clients come in: one that we bound, or one that the service manager passed.
///
/// A socket that the service manager holds, too, outlives this process: while nobody accepts, clients wait in its
/// queue instead of being refused.
struct ServerSocket: Equatable {
    enum Origin: Equatable {
        /// Ours; nobody else has it yet.
        case bound
        /// Ours, stored with the service manager by the process that was here before.
        case kept
        /// A socket unit's. Its address counts, and not the configured one.
        case activated
    }

    /// The name under which we store ours.
    static let storedName = "apus-listener"

    let descriptor: CInt
    let host: String
    let port: UInt16
    let origin: Origin
    /// A stored socket was not the one that is wanted: it is closed, and the store is to forget it.
    let replacesKept: Bool

    /// Takes what was passed, or binds. Descriptors that are not used are closed.
    ///
    /// - Parameters:
    ///   - host: numeric; `port` 0 lets the kernel choose, and fits every stored socket of that host.
    /// - Throws: `passedSocket`, or `cannotBind`.
    static func open(
        host: String, port: UInt16, passed: [ServiceEnvironment.PassedSocket]
    ) throws(SupervisorStartError) -> ServerSocket {
        var kept = passed.filter { $0.name == storedName }
        let activated = passed.filter { $0.name != storedName }
        defer { for socket in kept { SocketPair.close(socket.descriptor) } }
        if let socket = activated.first {
            return try activate(socket, among: activated, replacesKept: !kept.isEmpty)
        }
        while let socket = kept.popLast() {
            if let taken = take(socket, host, port, replacesKept: !kept.isEmpty) { return taken }
        }
        let replacesKept = passed.contains { $0.name == storedName }
        do throws(UVError) {
            let descriptor = try ListeningSocket.tcp(host: host, port: port)
            let port = try ListeningSocket.boundPort(descriptor)
            return ServerSocket(
                descriptor: descriptor, host: host, port: port, origin: .bound, replacesKept: replacesKept)
        } catch {
            throw .cannotBind(host: host, port: port, error)
        }
    }

    private static func activate(
        _ socket: ServiceEnvironment.PassedSocket, among all: [ServiceEnvironment.PassedSocket], replacesKept: Bool
    ) throws(SupervisorStartError) -> ServerSocket {
        guard all.count == 1 else { throw .tooManySockets(all.map(\.name)) }
        do throws(UVError) {
            let address = try ListeningSocket.adopt(socket.descriptor)
            return ServerSocket(
                descriptor: socket.descriptor, host: address.host, port: address.port, origin: .activated,
                replacesKept: replacesKept)
        } catch {
            throw .passedSocket(name: socket.name, error)
        }
    }

    /// A stored socket, when it is where we are to listen. Closes it when it is not.
    private static func take(
        _ socket: ServiceEnvironment.PassedSocket, _ host: String, _ port: UInt16, replacesKept: Bool
    ) -> ServerSocket? {
        let wanted = try? SocketAddress(host: host, port: port)
        guard let address = try? ListeningSocket.adopt(socket.descriptor), let wanted,
            address.host == wanted.host, port == 0 || address.port == port
        else {
            SocketPair.close(socket.descriptor)
            return nil
        }
        return ServerSocket(
            descriptor: socket.descriptor, host: address.host, port: address.port, origin: .kept,
            replacesKept: replacesKept)
    }
}
