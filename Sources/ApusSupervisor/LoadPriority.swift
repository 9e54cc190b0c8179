import CProcess
import Glibc

/// How much of a processor a template gets that loads a candidate, beside those who serve.
///
/// At first it runs only when nobody else wants to (sched(7), SCHED_IDLE): who serves is not held up for a moment. On
/// a machine that is full it would never end so; after a while it gets a small part, see `Priority` of the worker. When
/// it has loaded it makes itself a usual process again, which its workers then are.
enum LoadPriority {
    /// For how long it gets only what is left.
    static let idleMilliseconds: UInt64 = 1_000

    /// That it can become a usual process again; found out at the first reload.
    private static let canEnd = apus_can_end_idle() == 1

    /// - Returns: whether `raise` has to follow.
    static func lower(_ process: pid_t) -> Bool { canEnd && apus_set_idle(process, 1) == 0 }

    /// The process, and those that it has forked to test the model, get their part.
    static func raise(_ process: pid_t) {
        for process in [process] + children(of: process) { apus_set_idle(process, 0) }
    }

    /// None where the kernel does not tell (proc(5), /proc/PID/task/TID/children).
    private static func children(of process: pid_t) -> [pid_t] {
        let text = KernelFile.text(of: "/proc/\(process)/task/\(process)/children") ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
    }
}
