import CLibuv

/// Runs once at the end of each loop turn that saw input, before the loop sleeps again (a `uv_check_t`,
/// which libuv runs right after polling).
///
/// What arrives in a turn is collected, and handed on here in one go: one write for many requests.
package final class TurnEnd {
    private var handle = HandleMemory<uv_check_t>()
    private let onTurnEnd: () -> Void

    package init(on loop: Loop, onTurnEnd: @escaping () -> Void) {
        self.onTurnEnd = onTurnEnd
        uv_check_init(loop.raw, handle.raw)  // has no way to fail
        handle.retain(self)
        uv_check_start(handle.raw) { (owner($0!.pointee.data) as TurnEnd).onTurnEnd() }
        uv_unref(handle.base)
    }

    deinit { handle.deallocate() }

    package func close() {
        handle.close { (lastReference($0!.pointee.data) as TurnEnd).handle.markClosed() }
    }
}
