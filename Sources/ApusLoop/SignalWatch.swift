import CLibuv
import Glibc

/// Calls back on the loop for each arrival of one signal.
package final class SignalWatch {
    private var handle = HandleMemory<uv_signal_t>()
    private let onSignal: () -> Void

    package init(_ number: CInt, on loop: Loop, onSignal: @escaping () -> Void) throws(UVError) {
        self.onSignal = onSignal
        uv_signal_init(loop.raw, handle.raw)  // fails only when the process has no file descriptor left
        handle.retain(self)
        let code = uv_signal_start(handle.raw, { handle, _ in
            (owner(handle!.pointee.data) as SignalWatch).onSignal()
        }, number)
        guard code == 0 else {
            close()
            throw UVError(code: code, call: "uv_signal_start")
        }
        uv_unref(handle.base)
    }

    deinit { handle.deallocate() }

    package func close() {
        handle.close { (lastReference($0!.pointee.data) as SignalWatch).handle.markClosed() }
    }

    /// A peer that closes early is an EPIPE at the write, not the end of this process.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// A terminal sends INT and HUP to the whole group, and systemd TERM: only the supervisor acts on them.
    package static func ignoreStopRequests() {
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { signal(number, SIG_IGN) }
    }
}
