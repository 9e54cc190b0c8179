import CLibuv

/// A timer on one event loop. Fires on the thread that runs the loop.
///
/// Call `close()` once. A timer left open makes `uv_loop_close` return `UV_EBUSY`; tests check it.
package final class Timer {
    private var handle = HandleMemory<uv_timer_t>()
    private let onFire: () -> Void

    package init(on loop: Loop, onFire: @escaping () -> Void) {
        self.onFire = onFire
        uv_timer_init(loop.raw, handle.raw)  // has no way to fail
        handle.retain(self)
    }

    deinit { handle.deallocate() }

    /// Fires `milliseconds` after the loop's current time, and then each `repeating` milliseconds when
    /// that is not 0. Restarts a timer that is running.
    package func start(milliseconds: UInt64, repeating: UInt64 = 0) {
        precondition(handle.isOpen, "a closed timer is not started")
        let fire: uv_timer_cb = { (owner($0!.pointee.data) as Timer).onFire() }
        uv_timer_start(handle.raw, fire, milliseconds, repeating)  // fails only without a callback
    }

    package func stop() { uv_timer_stop(handle.raw) }

    /// Keeps the loop from waiting for this timer: `run()` may return while it is set.
    package func unreference() { uv_unref(handle.base) }

    package func close() {
        handle.close { (lastReference($0!.pointee.data) as Timer).handle.markClosed() }
    }
}
