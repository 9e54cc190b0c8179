import Glibc

/// Processor time that this process has used.
package struct Usage: Equatable, Sendable {
    package var user: UInt64
    package var system: UInt64

    package var total: UInt64 { user + system }

    package static var ownProcess: Usage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Usage(user: nanoseconds(usage.ru_utime), system: nanoseconds(usage.ru_stime))
    }

    private static func nanoseconds(_ time: timeval) -> UInt64 {
        UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1000
    }

    package static func - (left: Usage, right: Usage) -> Usage {
        Usage(user: left.user - right.user, system: left.system - right.system)
    }
}
