import Glibc

/// What a service manager such as systemd hands to the process it starts, by variables: where to report, how
/// often, and sockets that are open already. Sources: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).
package struct ServiceEnvironment: Equatable, Sendable {
    /// A descriptor that the service manager opened, or kept for us over a restart.
    package struct PassedSocket: Equatable, Sendable {
        package var descriptor: CInt
        /// The socket unit's name, or the name that we stored it under.
        package var name: String
    }

    /// Where to report: a path, or an abstract name after `@`. Nil when nobody listens.
    package private(set) var notifyAddress: String?
    /// The service manager restarts us when it hears nothing for so long. Nil when it does not.
    package private(set) var watchdogMicroseconds: UInt64?
    package private(set) var sockets: [PassedSocket] = []

    /// Nobody started us but a shell.
    package init() {}

    /// All of these are for the process they were set for, and go to no child.
    package static let variables = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    ]

    /// The first descriptor that is passed; SD_LISTEN_FDS_START.
    private static let firstDescriptor: CInt = 3
    /// Far more than anybody passes.
    private static let socketCountLimit = 1024

    /// Reads the variables. What is meant for another process, by `LISTEN_PID` or `WATCHDOG_PID`, is not ours.
    package init(
        _ environment: [String: String], processID: pid_t = getpid()
    ) throws(ServiceEnvironmentError) {
        if let address = environment["NOTIFY_SOCKET"], !address.isEmpty {
            guard let first = address.first, "/@".contains(first), address.utf8.count <= NotifySocket.addressByteLimit
            else { throw .malformed("NOTIFY_SOCKET", found: address, expected: "a path, or @ and a name, of 107 bytes at most") }
            notifyAddress = address
        }
        if let text = environment["WATCHDOG_USEC"], try Self.isMeant("WATCHDOG_PID", environment, processID) {
            guard let microseconds = UInt64(text), microseconds > 0 else {
                throw .malformed("WATCHDOG_USEC", found: text, expected: "microseconds above 0")
            }
            watchdogMicroseconds = microseconds
        }
        // Unlike the watchdog's, this number must be there.
        if environment["LISTEN_PID"] != nil, try Self.isMeant("LISTEN_PID", environment, processID) {
            sockets = try Self.sockets(environment)
        }
    }

    private static func isMeant(
        _ variable: String, _ environment: [String: String], _ processID: pid_t
    ) throws(ServiceEnvironmentError) -> Bool {
        guard let text = environment[variable] else { return true }
        guard let meant = pid_t(text), meant > 0 else {
            throw .malformed(variable, found: text, expected: "a process id")
        }
        return meant == processID
    }

    private static func sockets(
        _ environment: [String: String]
    ) throws(ServiceEnvironmentError) -> [PassedSocket] {
        guard let text = environment["LISTEN_FDS"] else { return [] }
        guard let count = Int(text), (0...socketCountLimit).contains(count) else {
            throw .malformed("LISTEN_FDS", found: text, expected: "a number from 0 to \(socketCountLimit)")
        }
        let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        return (0..<count).map { index in
            PassedSocket(
                descriptor: firstDescriptor + CInt(index),
                name: index < names.count ? String(names[index]) : "unknown")
        }
    }
}

/// A variable of the service manager's that cannot be read.
package enum ServiceEnvironmentError: Error, Equatable, CustomStringConvertible {
    case malformed(String, found: String, expected: String)

    package var description: String {
        switch self {
        case .malformed(let variable, let found, let expected):
            "\(variable) is \"\(found)\"; expected \(expected)"
        }
    }
}
