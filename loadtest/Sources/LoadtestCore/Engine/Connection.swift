import ApusLoop

/// One connection of the load: sends a request, reads the answer, and says so.
///
///     closed ──open──▶ connecting ──▶ ready ──send──▶ waiting ──answer──▶ ready
///        ▲                  └────────────┴──── end or failure ──┘
final class Connection: StreamOwner {
    enum State {
        /// No socket.
        case closed
        /// Waits for the kernel to connect.
        case connecting
        /// Waits for something to send.
        case ready
        /// Waits for the answer to `requestIndex`.
        case waiting
    }

    /// How the answer that is being read goes on.
    private enum Reading {
        case head
        case length(Int)
        case chunked, untilClose
    }

    let index: Int
    private unowned(unsafe) let generator: Generator
    private var stream: Stream?
    private(set) var state = State.closed
    private var reading = Reading.head
    private var head: ResponseHead?
    private var chunks = ChunkedBody()
    /// The part of a head that has come.
    private var held = ByteBuffer()
    /// The part of a body that has come, when bodies are looked at, and of a refusal.
    private var body = ByteBuffer()
    private var answered = 0
    /// Tells an attempt to connect from one that was given up.
    private var attempt = 0
    /// What is being asked, when it was due and when it was sent. For a request that waits for the
    /// connection, `due` is set and `sent` is not.
    var requestIndex = 0
    var due: UInt64 = 0
    var sent: UInt64 = 0
    var hasRequest = false

    init(index: Int, generator: Generator) {
        self.index = index
        self.generator = generator
    }

    deinit {
        held.free()
        body.free()
    }

    // MARK: Opening and closing

    /// Connects. Ends in `generator.opened` or `generator.failedToOpen`.
    func open() {
        state = .connecting
        attempt += 1
        do {
            try generator.connect { [self, attempt] result in didConnect(result, attempt) }
        } catch {
            state = .closed
            generator.failedToOpen(self, error)
        }
    }

    private func didConnect(_ result: Result<Stream, UVError>, _ attempt: Int) {
        guard state == .connecting, attempt == self.attempt else {  // given up meanwhile
            if case .success(let stream) = result { stream.close() }
            return
        }
        switch result {
        case .failure(let error):
            state = .closed
            generator.failedToOpen(self, error)
        case .success(let stream):
            self.stream = stream
            stream.disableNagle()
            stream.setOwner(self)
            stream.startReading()
            answered = 0
            state = .ready
            generator.opened(self)
        }
    }

    func close() {
        stream?.close()
        stream = nil
        state = .closed
        reading = .head
        held.removeAll()
        body.removeAll()
    }

    // MARK: Sending

    /// Sends `requestIndex`. The times are the generator's business.
    @inline(__always)
    func send() {
        state = .waiting
        let buffer = generator.requests.buffer(requestIndex)
        do {
            let taken = try stream!.tryWrite(buffer)
            if taken < buffer[0].byteCount { try sendRest(buffer[0], from: taken) }
        } catch {
            generator.lost(self, .closed)
        }
    }

    /// The kernel's buffer is full: what is left waits there.
    private func sendRest(_ buffer: IOBuffer, from taken: Int) throws(UVError) {
        try stream!.send(
            UnsafeRawBufferPointer(
                start: buffer.base! + taken, count: buffer.byteCount - taken))
    }

    // MARK: Reading

    func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer { generator.readMemory }

    func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer) {
        generator.readByteCount += bytes.count
        guard state == .waiting else { return generator.lost(self, .malformed) }
        switch reading {
        case .head:
            if held.isEmpty {
                takeHead(bytes)
            } else {
                held.append(bytes)
                takeHead(held.bytes)
            }
        case .length(let rest): takeLength(bytes, rest)
        case .chunked: takeChunks(bytes)
        case .untilClose: keep(bytes)
        }
    }

    func stream(_ stream: Stream, didEnd error: UVError?) {
        if case .untilClose = reading, state == .waiting, error == nil, let head {
            finish(head, body.bytes)
        } else {
            generator.lost(self, .closed)
        }
    }

    func streamDidDrain(_ stream: Stream) {}

    func stream(_ stream: Stream, didFailToWrite error: UVError) { generator.lost(self, .closed) }

    /// - Parameter bytes: everything since the answer began.
    private func takeHead(_ bytes: UnsafeRawBufferPointer) {
        switch ResponseHead.parse(bytes) {
        case .incomplete:
            if held.isEmpty { held.append(bytes) }
        case .malformed:
            generator.lost(self, .malformed)
        case .head(let head):
            let rest = UnsafeRawBufferPointer(rebasing: bytes[head.byteCount...])
            if head.status < 200 { return skipInterim(rest) }
            if !head.serverTiming.isEmpty {
                generator.noteStages(
                    UnsafeRawBufferPointer(rebasing: bytes[head.serverTiming]), self)
            }
            if case .length(let count) = head.framing, rest.count == count {
                return finish(head, rest)
            }
            takeBodyStart(head, rest)
        }
    }

    /// An interim answer (RFC 9110 §15.2) comes before the real one.
    private func skipInterim(_ rest: UnsafeRawBufferPointer) {
        var copy = ByteBuffer()
        copy.append(rest)
        held.removeAll()
        if !copy.isEmpty { takeHead(copy.bytes) }
        copy.free()
    }

    private func takeBodyStart(_ head: ResponseHead, _ rest: UnsafeRawBufferPointer) {
        self.head = head
        switch head.framing {
        case .length(let count): takeLength(rest, count)
        case .chunked:
            chunks = ChunkedBody()
            takeChunks(rest)
        case .untilClose:
            reading = .untilClose
            keep(rest)
        }
    }

    private func takeLength(_ bytes: UnsafeRawBufferPointer, _ wanted: Int) {
        guard bytes.count <= wanted else { return generator.lost(self, .malformed) }
        keep(bytes)
        reading = .length(wanted - bytes.count)
        if bytes.count == wanted, let head { finish(head, body.bytes) }
    }

    private func takeChunks(_ bytes: UnsafeRawBufferPointer) {
        reading = .chunked
        do {
            guard let count = try chunks.consume(bytes, onData: { keep($0) }) else { return }
            guard count == bytes.count, let head else { return generator.lost(self, .malformed) }
            finish(head, body.bytes)
        } catch {
            generator.lost(self, .malformed)
        }
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        if generator.looksAtBodies || head?.isSuccess == false { body.append(bytes) }
    }

    /// The answer is whole. What follows in the chain may send the next request at once.
    private func finish(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer) {
        let verdict = generator.judge(self, head, bytes)
        reading = .head
        held.removeAll()
        body.removeAll()
        answered += 1
        let limit = generator.load.requestsPerConnection
        if head.closes || (limit > 0 && answered >= limit) {
            close()
        } else {
            state = .ready
        }
        generator.answered(self, status: head.status, verdict)
    }
}
