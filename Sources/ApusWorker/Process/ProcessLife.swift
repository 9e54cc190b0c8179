import ApusLog
import CProcess
import Glibc

/// Whom a process belongs to and what it is called.
package enum ProcessLife {
    /// Ends this process with SIGKILL when its parent ends. For a child of `parent`, soon after its start.
    ///
    /// A parent that ended before the call sends no signal (prctl(2), PR_SET_PDEATHSIG), so the parent is
    /// looked at afterwards: when it is another one already, this process exits at once.
    package static func dieWithParent(_ parent: pid_t) throws(SystemError) {
        try SystemError.check(apus_signal_on_parent_death(SIGKILL), "prctl")
        guard getppid() == parent else { _exit(ExitStatus.ok.rawValue) }
    }

    /// Makes descendants whose parent ended children of this process, which then reaps them.
    package static func becomeSubreaper() throws(SystemError) {
        try SystemError.check(apus_become_subreaper(), "prctl")
    }

    /// Keeps from our children what this process was started with besides its standard streams. A kernel that
    /// cannot do that (before 5.11) leaves them there, which harms nobody.
    package static func keepDescriptors() {
        _ = apus_close_at_exec_from(3)
    }

    /// Shows `title` in `ps`. Written over the arguments: `CommandLine.arguments` is not read afterwards.
    /// A title without room is cut; where it cannot be set at all, nothing happens.
    package static func setTitle(_ title: String) {
        _ = apus_set_title(title)
    }

    /// Ignores the signals that a terminal sends to a whole group, and those that are the supervisor's
    /// alone: processes that call this take their orders from a socket.
    package static func takeOrdersBySocket() throws(SystemError) {
        try SystemError.check(apus_take_orders_by_socket(), "sigprocmask")
    }

    /// How many threads this process has. A process that forks must have one.
    static func threadCount() throws(SystemError) -> Int {
        Int(try SystemError.check(apus_thread_count(), "opendir /proc/self/task"))
    }
}
