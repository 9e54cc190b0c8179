import CLibuv
import Glibc

/// A piece of memory for a gathered write. Laid out as `uv_buf_t` and `iovec` are.
package struct IOBuffer {
    package var base: UnsafeMutableRawPointer?
    package var byteCount: Int

    package init(_ bytes: UnsafeRawBufferPointer) {
        base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        byteCount = bytes.count
    }
}

/// Who is told what happens on a stream.
package protocol StreamOwner: AnyObject {
    /// Where the next bytes are to be read. At least one byte; used only until `didRead` returns.
    func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer
    /// Bytes that came, at the start of the memory given out last.
    func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer)
    /// The peer will send no more (`error` nil), or reading failed. Reading has stopped.
    func stream(_ stream: Stream, didEnd error: UVError?)
    /// Everything that was queued has been handed to the kernel.
    func streamDidDrain(_ stream: Stream)
    /// A queued write failed: nothing sent later will arrive either.
    func stream(_ stream: Stream, didFailToWrite error: UVError)
}

/// A connected byte stream: TCP or Unix socket.
///
/// It holds its owner strongly until `close()`, so a connection lives as long as its socket.
package final class Stream {
    private enum Memory { case tcp(HandleMemory<uv_tcp_t>), pipe(HandleMemory<uv_pipe_t>) }

    private var memory: Memory
    private let raw: UnsafeMutablePointer<uv_stream_t>
    private var owner: (any StreamOwner)?
    package private(set) var isOpen = true
    package private(set) var isReading = false

    private init(_ memory: Memory) {
        self.memory = memory
        switch memory {
        case .tcp(let handle):
            raw = UnsafeMutableRawPointer(handle.raw).assumingMemoryBound(to: uv_stream_t.self)
            handle.retain(self)
        case .pipe(let handle):
            raw = UnsafeMutableRawPointer(handle.raw).assumingMemoryBound(to: uv_stream_t.self)
            handle.retain(self)
        }
    }

    deinit {
        switch memory {
        case .tcp(let handle): handle.deallocate()
        case .pipe(let handle): handle.deallocate()
        }
    }

    /// A TCP stream that is not connected yet.
    static func tcp(on loop: Loop) -> Stream {
        let handle = HandleMemory<uv_tcp_t>()
        uv_tcp_init(loop.raw, handle.raw)  // fails only for unknown flags
        return Stream(.tcp(handle))
    }

    /// A Unix-socket stream that is not connected yet.
    /// - Parameter receivesDescriptors: the peer passes descriptors with its bytes (libuv's "ipc").
    static func pipe(on loop: Loop, receivesDescriptors: Bool = false) -> Stream {
        let handle = HandleMemory<uv_pipe_t>()
        uv_pipe_init(loop.raw, handle.raw, receivesDescriptors ? 1 : 0)  // has no way to fail
        return Stream(.pipe(handle))
    }

    /// Takes over a connected Unix socket. The descriptor is closed with the stream, and at once on failure.
    package static func adopt(
        _ descriptor: CInt, on loop: Loop, receivesDescriptors: Bool = false
    ) throws(UVError) -> Stream {
        let stream = pipe(on: loop, receivesDescriptors: receivesDescriptors)
        guard case .pipe(let handle) = stream.memory else { preconditionFailure("made as a pipe") }
        let code = uv_pipe_open(handle.raw, descriptor)
        guard code == 0 else {
            stream.close()
            Glibc.close(descriptor)  // the stream has not taken it
            throw UVError(code: code, call: "uv_pipe_open")
        }
        return stream
    }

    var rawStream: UnsafeMutablePointer<uv_stream_t> { raw }

    var rawTCP: UnsafeMutablePointer<uv_tcp_t>? {
        guard case .tcp(let handle) = memory else { return nil }
        return handle.raw
    }

    var rawPipe: UnsafeMutablePointer<uv_pipe_t>? {
        guard case .pipe(let handle) = memory else { return nil }
        return handle.raw
    }

    /// The socket's descriptor, which stays the stream's; -1 when it is closed.
    package var descriptor: CInt {
        var descriptor: uv_os_fd_t = -1
        let handle = UnsafeMutableRawPointer(raw).assumingMemoryBound(to: uv_handle_t.self)
        return isOpen && uv_fileno(handle, &descriptor) == 0 ? descriptor : -1
    }

    /// Small writes go out at once (TCP_NODELAY). Unix sockets have no such delay.
    package func disableNagle() {
        if let tcp = rawTCP { uv_tcp_nodelay(tcp, 1) }
    }

    package func setOwner(_ owner: any StreamOwner) { self.owner = owner }

    // MARK: Reading

    package func startReading() {
        guard isOpen, !isReading else { return }
        isReading = true
        uv_read_start(raw, Stream.allocate, Stream.didRead)  // fails only while closing
    }

    /// Reading is called for only when so many bytes are here, or no more will come (socket(7), SO_RCVLOWAT). 1 at first.
    package func setLowWater(_ byteCount: Int) {
        var value = CInt(clamping: byteCount)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Bytes that have come and were not read (tcp(7), SIOCINQ).
    package var unreadByteCount: Int {
        var count: CInt = 0
        return ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
    }

    package func stopReading() {
        guard isOpen, isReading else { return }
        isReading = false
        uv_read_stop(raw)
    }

    private static let allocate: uv_alloc_cb = { handle, _, buffer in
        let stream: Stream = ApusLoop.owner(handle!.pointee.data)
        guard let memory = stream.owner?.memory(for: stream) else { return }
        buffer!.pointee.base = memory.baseAddress?.assumingMemoryBound(to: CChar.self)
        buffer!.pointee.len = memory.count
    }

    private static let didRead: uv_read_cb = { handle, count, buffer in
        let stream: Stream = ApusLoop.owner(handle!.pointee.data)
        stream.finishRead(count, buffer!.pointee.base)
    }

    private func finishRead(_ count: Int, _ base: UnsafeMutablePointer<CChar>?) {
        guard let owner else { return }
        if count > 0 {
            owner.stream(self, didRead: UnsafeRawBufferPointer(start: base, count: count))
        } else if count < 0 {
            stopReading()
            let code = CInt(count)
            owner.stream(self, didEnd: code == UV_EOF.rawValue ? nil : UVError(code: code, call: "read"))
        }
        // A count of 0 is EAGAIN (libuv docs, "uv_read_cb"): nothing happened.
    }

    /// The next Unix socket that came with the bytes read so far, or nil when none is left.
    /// Only for a stream that receives descriptors.
    package func takePassedSocket(on loop: Loop) throws(UVError) -> Stream? {
        guard let pipe = rawPipe, uv_pipe_pending_count(pipe) > 0 else { return nil }
        let passed = Stream.pipe(on: loop)
        let code = uv_accept(raw, passed.raw)
        guard code == 0 else {
            passed.close()
            throw UVError(code: code, call: "uv_accept")
        }
        return passed
    }

    // MARK: Writing

    /// Bytes that are queued and not yet with the kernel.
    package var queuedByteCount: Int { raw.pointee.write_queue_size }

    /// Writes what the kernel takes now.
    /// - Returns: how many bytes of `buffers` were taken: 0 when the socket is full or writes are queued.
    /// - Throws: when the peer is gone.
    package func tryWrite(_ buffers: UnsafeBufferPointer<IOBuffer>) throws(UVError) -> Int {
        if buffers.count == 1, case .tcp = memory { return try sendNow(buffers[0]) }
        let count = buffers.withMemoryRebound(to: uv_buf_t.self) {
            uv_try_write(raw, $0.baseAddress, UInt32($0.count))
        }
        if count >= 0 { return Int(count) }
        if count == UV_EAGAIN.rawValue { return 0 }
        throw UVError(code: count, call: "uv_try_write")
    }

    /// What `uv_try_write` does with one piece, by the call that is for sockets: the kernel does less for it than for
    /// write(2).
    private func sendNow(_ buffer: IOBuffer) throws(UVError) -> Int {
        guard queuedByteCount == 0 else { return 0 }
        while true {
            let count = Glibc.send(descriptor, buffer.base, buffer.byteCount, CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL))
            if count >= 0 { return count }
            if errno == EAGAIN { return 0 }
            guard errno == EINTR else { throw UVError(code: -errno, call: "send") }
        }
    }

    /// The same for an array.
    package func tryWrite(_ buffers: [IOBuffer]) throws(UVError) -> Int {
        let result = buffers.withUnsafeBufferPointer { buffers in
            Result { () throws(UVError) in try tryWrite(buffers) }
        }
        return try result.get()
    }

    /// Queues `buffers` without their first `taken` bytes, uncopied.
    /// - Parameter owner: keeps the memory in place; held until the kernel has taken all, or the stream closes.
    ///   When nothing is left it is not held at all, and no drain is reported.
    package func queue(
        _ buffers: [IOBuffer], after taken: Int, keeping owner: AnyObject
    ) throws(UVError) {
        var rest: [IOBuffer] = []
        var skipped = taken
        for buffer in buffers {
            let skip = min(skipped, buffer.byteCount)
            skipped -= skip
            guard buffer.byteCount > skip, let base = buffer.base else { continue }
            rest.append(IOBuffer(UnsafeRawBufferPointer(start: base + skip, count: buffer.byteCount - skip)))
        }
        guard !rest.isEmpty else { return }  // libuv aborts over a write of nothing
        let write = QueuedWrite(owner: owner, stream: self)
        let code = write.start(rest)
        guard code == 0 else { throw UVError(code: code, call: "uv_write") }
    }

    /// Sends all of `buffers` in order: at once what the kernel takes, the rest copied and queued.
    /// The caller keeps its memory. A failure is reported through the owner or by throwing, not both.
    package func send(_ buffers: UnsafeBufferPointer<IOBuffer>) throws(UVError) {
        var taken = raw.pointee.write_queue_size == 0 ? try tryWrite(buffers) : 0
        var rest = 0
        for buffer in buffers { rest += buffer.byteCount }
        rest -= taken
        guard rest > 0 else { return }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: rest, alignment: 16)
        var filled = 0
        for buffer in buffers {
            let skipped = min(taken, buffer.byteCount)
            taken -= skipped
            guard buffer.byteCount > skipped, let base = buffer.base else { continue }
            let count = buffer.byteCount - skipped
            (copy.baseAddress! + filled).copyMemory(from: base + skipped, byteCount: count)
            filled += count
        }
        try queue(copy)
    }

    /// Sends one piece of memory; see `send(_:)` for several.
    package func send(_ bytes: UnsafeRawBufferPointer) throws(UVError) {
        try send(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Sends two pieces of memory, such as a head and a body, in one write. Allocates nothing when the socket
    /// takes them at once.
    package func send(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(UVError) {
        var pair = (IOBuffer(first), IOBuffer(second))
        let count = second.isEmpty ? 1 : 2
        let result = withUnsafePointer(to: &pair) { pointer in
            pointer.withMemoryRebound(to: IOBuffer.self, capacity: 2) { buffers in
                Result { () throws(UVError) in
                    try send(UnsafeBufferPointer(start: buffers, count: count))
                }
            }
        }
        try result.get()
    }

    private func queue(_ bytes: UnsafeMutableRawBufferPointer) throws(UVError) {
        let write = QueuedWrite(owner: CopiedBytes(bytes), stream: self)
        let code = write.start([IOBuffer(UnsafeRawBufferPointer(bytes))])
        guard code == 0 else { throw UVError(code: code, call: "uv_write") }
    }

    fileprivate func didWrite(_ code: CInt) {
        guard isOpen else { return }
        if code < 0 {
            owner?.stream(self, didFailToWrite: UVError(code: code, call: "uv_write"))
        } else if raw.pointee.write_queue_size == 0 {
            owner?.streamDidDrain(self)
        }
    }

    // MARK: Closing

    /// Tells the peer that no more will come; what is queued is sent first. Reading goes on.
    package func shutdownWriting() {
        guard isOpen else { return }
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        let code = uv_shutdown(request, raw) { request, _ in request!.deallocate() }
        if code != 0 { request.deallocate() }  // not connected any more: nobody to tell
    }

    /// Closes the socket; queued writes are dropped. May be called twice; nothing is called back after it.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        isReading = false
        owner = nil
        switch memory {
        case .tcp(var handle):
            handle.close { (lastReference($0!.pointee.data) as Stream).markClosed() }
            memory = .tcp(handle)
        case .pipe(var handle):
            handle.close { (lastReference($0!.pointee.data) as Stream).markClosed() }
            memory = .pipe(handle)
        }
    }

    private func markClosed() {
        switch memory {
        case .tcp(var handle):
            handle.markClosed()
            memory = .tcp(handle)
        case .pipe(var handle):
            handle.markClosed()
            memory = .pipe(handle)
        }
    }
}

/// Memory that goes with the write that was waiting for it.
private final class CopiedBytes {
    private let memory: UnsafeMutableRawBufferPointer

    init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

    deinit { memory.deallocate() }
}

/// One write that libuv keeps: the request, and whoever owns the bytes, until its callback.
private final class QueuedWrite {
    private let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    private let owner: AnyObject
    private let stream: Stream

    init(owner: AnyObject, stream: Stream) {
        self.owner = owner
        self.stream = stream
    }

    deinit { request.deallocate() }

    /// libuv copies the list of buffers, not what they point to (libuv docs, "uv_write").
    func start(_ buffers: [IOBuffer]) -> CInt {
        let unmanaged = Unmanaged.passRetained(self)
        request.pointee.data = unmanaged.toOpaque()
        let code = buffers.withUnsafeBufferPointer { buffers in
            buffers.withMemoryRebound(to: uv_buf_t.self) { buffers in
                uv_write(request, stream.rawStream, buffers.baseAddress, UInt32(buffers.count)) {
                    request, code in
                    let write: QueuedWrite = lastReference(request!.pointee.data)
                    write.stream.didWrite(code)
                }
            }
        }
        if code != 0 { unmanaged.release() }
        return code
    }
}
