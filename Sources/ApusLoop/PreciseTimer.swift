import CLibuv
import Glibc

/// A timer with nanosecond deadlines, for pacing: libuv's own timers count whole milliseconds.
///
/// It is a Linux timerfd that the loop polls. Arming it is one system call, and so is the wake-up.
/// Call `close()` once.
package final class PreciseTimer {
    private var handle: HandleMemory<uv_poll_t>
    private let descriptor: CInt
    private let onFire: () -> Void
    private var isArmed = false

    /// - Throws: `EMFILE` when the process has no descriptor left.
    package init(on loop: Loop, onFire: @escaping () -> Void) throws(UVError) {
        let flags = CInt(TFD_CLOEXEC) | CInt(TFD_NONBLOCK)
        let descriptor = timerfd_create(CLOCK_MONOTONIC, flags)
        guard descriptor >= 0 else { throw UVError(code: -errno, call: "timerfd_create") }
        self.descriptor = descriptor
        self.onFire = onFire
        handle = HandleMemory()
        uv_poll_init(loop.raw, handle.raw, descriptor)  // the kernel has just made the descriptor
        handle.retain(self)
        uv_poll_start(handle.raw, CInt(UV_READABLE.rawValue)) { handle, _, _ in
            (owner(handle!.pointee.data) as PreciseTimer).fire()
        }
    }

    deinit { handle.deallocate() }

    /// Fires once at `nanoseconds` of `Loop.nanoseconds`' clock, at once when that is past. Restarts a
    /// timer that is running.
    package func start(atNanoseconds nanoseconds: UInt64) {
        isArmed = true
        set(max(nanoseconds, 1))  // 0 would disarm it
    }

    package func stop() {
        isArmed = false
        set(0)
    }

    package func close() {
        handle.close { handle in
            let timer: PreciseTimer = lastReference(handle!.pointee.data)
            timer.handle.markClosed()
            Glibc.close(timer.descriptor)
        }
    }

    /// Setting the timer again also makes its descriptor unreadable (timerfd_create(2), "read"), so
    /// the expiry need not be read.
    private func fire() {
        isArmed = false
        onFire()
        if !isArmed && handle.isOpen { set(0) }
    }

    private func set(_ nanoseconds: UInt64) {
        var time = itimerspec()
        time.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
        time.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        timerfd_settime(descriptor, CInt(TFD_TIMER_ABSTIME), &time, nil)
    }
}
