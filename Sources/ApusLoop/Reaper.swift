import CLibuv
import Glibc

/// Reaps processes that we did not spawn but that became our children: the grandchildren of a
/// template, handed to us because this process is a child subreaper (prctl(2), PR_SET_CHILD_SUBREAPER).
///
/// It asks for each known process by its id, never for "any child": that would take exits away
/// from libuv, which waits for those it spawned.
package final class Reaper {
    private var watch: SignalWatch?
    private var exits: [pid_t: (ExitReason) -> Void] = [:]
    /// Ended, asked for by nobody, and seen so at the last look; 0 when there was none.
    private var stray: pid_t = 0

    package init(on loop: Loop) throws(UVError) {
        watch = try SignalWatch(SIGCHLD, on: loop) { [unowned self] in reap() }
    }

    /// Calls back once when `process` has ended, at once when it already has.
    package func adopt(_ process: pid_t, onExit: @escaping (ExitReason) -> Void) {
        exits[process] = onExit
        reap(process)
    }

    package func close() {
        watch?.close()
        watch = nil
    }

    /// Reaps children that nobody will ask for: grandchildren whose parent ended before it could tell us of them. To be
    /// called now and then; one goes when it is seen for the second time, so that whoever is about to ask comes first.
    package func reapStrays() {
        while let process = ended(), exits[process] == nil {
            guard process == stray else { return stray = process }
            waitpid(process, nil, WNOHANG)
            stray = 0
        }
    }

    /// A child that has ended and was not reaped.
    private func ended() -> pid_t? {
        var info = siginfo_t()
        guard waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return nil }
        let process = info._sifields._sigchld.si_pid
        return process == 0 ? nil : process
    }

    private func reap() {
        for process in exits.keys { reap(process) }
    }

    private func reap(_ process: pid_t) {
        var status: CInt = 0
        let result = waitpid(process, &status, WNOHANG)
        if result == process {
            exits.removeValue(forKey: process)?(ExitReason(waitStatus: status))
        } else if result < 0 && errno == ECHILD && kill(process, 0) != 0 {
            // It was reaped by somebody else and cannot be ours any more.
            exits.removeValue(forKey: process)?(.exited(code: -1))
        }
    }
}
