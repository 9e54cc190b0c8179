import CLibuv

/// The life of any libuv handle: on the heap, one reference to its owner held by the loop from `init`
/// until the close callback (libuv docs, "uv_handle_t": the memory must stay until then).
struct HandleMemory<Raw> {
    private enum State { case open, closing, closed, discarded }

    let raw = UnsafeMutablePointer<Raw>.allocate(capacity: 1)
    private var state = State.open

    var isOpen: Bool { state == .open }

    /// Every libuv handle may be cast to uv_handle_t (libuv docs, "Base handle").
    var base: UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self)
    }

    /// The loop takes its reference. Call once, after the handle's own init function.
    func retain(_ owner: AnyObject) {
        base.pointee.data = Unmanaged.passRetained(owner).toOpaque()
    }

    /// - Parameter onClosed: recovers the owner with `takeRetained` and calls `markClosed`.
    mutating func close(_ onClosed: uv_close_cb) {
        precondition(state == .open, "a handle is closed once")
        state = .closing
        uv_close(base, onClosed)
    }

    mutating func markClosed() { state = .closed }

    /// Frees the memory. From the owner's `deinit`.
    func deallocate() {
        precondition(state == .closed, "a handle's owner is released after its close callback")
        raw.deallocate()
    }

    /// Frees the memory of a handle whose init function failed, so that libuv never knew it.
    mutating func discard() {
        raw.deallocate()
        state = .discarded
    }

    var isDiscarded: Bool { state == .discarded }
}

/// Recovers a handle's owner inside a callback.
func owner<Owner: AnyObject>(_ data: UnsafeMutableRawPointer?) -> Owner {
    Unmanaged<Owner>.fromOpaque(data!).takeUnretainedValue()
}

/// Recovers a handle's owner inside its close callback and drops the loop's reference.
func lastReference<Owner: AnyObject>(_ data: UnsafeMutableRawPointer?) -> Owner {
    Unmanaged<Owner>.fromOpaque(data!).takeRetainedValue()
}
