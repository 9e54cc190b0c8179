import CProcess
import Glibc

/// How much of a processor this process is given when others want it, too (setpriority(2)).
///
/// A template loads with little, so that those who serve are not slower meanwhile; its workers are forked with what
/// it was started with.
enum Priority {
    /// A tenth of the weight of a process that is as nice as ours was (sched(7), "The nice value").
    static let difference: Int32 = 10

    private static let process = __priority_which_t(PRIO_PROCESS.rawValue)
    private static let own = getpriority(process, 0)

    /// Takes less, where it can be undone: that needs CAP_SYS_NICE, or RLIMIT_NICE as `LimitNICE=+0` in a systemd unit
    /// sets it.
    /// - Returns: whether it was done.
    @discardableResult
    static func lower() -> Bool {
        guard canReturn else { return false }
        return setpriority(process, 0, own + difference) == 0
    }

    /// As at the start. Nothing happens when that is so already.
    static func restore() {
        apus_set_idle(0, 0)
        _ = setpriority(process, 0, own)
    }

    /// A child tries the way there and back.
    private static let canReturn: Bool = {
        let (here, there) = (own, own + difference)
        let child = apus_fork()
        if child == 0 {
            let isBack = setpriority(process, 0, there) == 0 && setpriority(process, 0, here) == 0
            _exit(isBack ? 0 : 1)
        }
        var status: Int32 = 0
        return child > 0 && waitpid(child, &status, 0) == child && status == 0
    }()
}
