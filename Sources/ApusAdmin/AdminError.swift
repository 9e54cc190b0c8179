/// Why the supervisor could not be asked, or what it answered when it refused.
package enum AdminError: Error, Equatable, CustomStringConvertible {
    /// The socket cannot be connected to.
    case unreachable(socket: String, reason: String)
    case noServer(places: [String])
    case severalServers([String])
    case brokenAnswer(socket: String, problem: String)
    /// The supervisor's own sentence.
    case refused(String)

    package var description: String {
        switch self {
        case .unreachable(let socket, let reason):
            "no supervisor answers on \(socket): \(reason)"
        case .noServer(let places):
            "no running server was found in \(places.joined(separator: ", ")); --runtime-dir DIR says where it is"
        case .severalServers(let directories):
            "several servers are running; choose one by --runtime-dir: \(directories.joined(separator: ", "))"
        case .brokenAnswer(let socket, let problem):
            "the answer on \(socket) cannot be understood: \(problem)"
        case .refused(let sentence):
            sentence
        }
    }
}
