import CLibuv

/// Calls back on the loop while a descriptor can be read. The descriptor stays the caller's, who closes it later.
package final class DescriptorWatch {
    private var handle = HandleMemory<uv_poll_t>()
    private let onReadable: () -> Void

    package init(_ descriptor: CInt, on loop: Loop, onReadable: @escaping () -> Void) throws(UVError) {
        self.onReadable = onReadable
        let code = uv_poll_init(loop.raw, handle.raw, descriptor)
        guard code == 0 else {
            handle.discard()
            throw UVError(code: code, call: "uv_poll_init")
        }
        handle.retain(self)
        uv_poll_start(handle.raw, CInt(UV_READABLE.rawValue)) { handle, _, _ in
            (owner(handle!.pointee.data) as DescriptorWatch).onReadable()
        }
        uv_unref(handle.base)
    }

    deinit { if !handle.isDiscarded { handle.deallocate() } }

    package func close() {
        handle.close { (lastReference($0!.pointee.data) as DescriptorWatch).handle.markClosed() }
    }
}
