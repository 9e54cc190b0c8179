import CLibuv

/// One libuv event loop. Everything made on it belongs to the thread that runs it.
package final class Loop {
    let raw = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)

    package init() throws(UVError) {
        try UVError.check(uv_loop_init(raw), "uv_loop_init")
    }

    /// Closes the loop. Every handle must have been closed and its close callback run before.
    deinit {
        let code = uv_loop_close(raw)
        precondition(code == 0, "a loop is freed only after all its handles are closed")
        raw.deallocate()
    }

    /// Runs until no handle is active, or `stop()`.
    package func run() { uv_run(raw, UV_RUN_DEFAULT) }

    /// Waits for events once, runs what they cause, and returns. For tests and for step-wise drains.
    /// - Returns: false when nothing is left that could cause an event.
    @discardableResult
    package func runOnce() -> Bool { uv_run(raw, UV_RUN_ONCE) != 0 }

    /// Makes `run()` return at the end of this turn.
    package func stop() { uv_stop(raw) }

    /// The loop's clock: monotonic milliseconds from an arbitrary start, read once per turn.
    package var nowMilliseconds: UInt64 { uv_now(raw) }

    /// Reads the clock again. Call after work that took milliseconds within one turn.
    package func updateTime() { uv_update_time(raw) }

    /// Monotonic nanoseconds, read now. The same clock (CLOCK_MONOTONIC) in every process of the machine,
    /// so a deadline can be handed from one process to another.
    package static var nanoseconds: UInt64 { uv_hrtime() }
}
