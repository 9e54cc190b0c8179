import ApusLoop
import ApusWire
import Glibc

/// One client's connection: its bytes become requests, one after the other, and the answers go back in order.
///
///     between ──bytes──▶ head ──▶ body ──▶ waiting ──answer──▶ writing ──drained──▶ between
///        ▲                          │          (a worker, or nobody)        │
///        └── answered here ◀────────┘                                      └──▶ lingering ──▶ closed
///
/// A pipelined request waits in `pending` until the one before it is answered, so answers keep their order.
final class ClientConnection: StreamOwner {
    /// Bytes of pipelined requests that are kept; beyond it reading stops.
    static let pipelineByteLimit = 64 << 10
    /// A body that no worker will see may be so long. A longer one is refused and not read, and the connection ends.
    static let localBodyByteLimit = 64 << 10
    /// What is thrown away after an early answer, so that a reset does not eat it (RFC 9112 §9.6).
    static let lingerByteLimit = 1 << 20
    /// A large body is read directly into its place, in pieces of this size.
    static let bodyReadByteCount = 256 << 10

    /// Of a large body so much, or what is left of it, is waited for: each wake-up delays the client, too, that is
    /// still writing.
    static let bodyWakeByteCount = 512 << 10
    /// Bodies from here on are worth the two system calls of that.
    static let lowWaterBodyByteCount = 256 << 10

    enum Phase {
        /// No byte of a request has come.
        case between
        /// A part of a head has come.
        case head
        /// The body is arriving.
        case body
        /// The request is with its model.
        case waiting
        /// The client has not taken its whole answer.
        case writing
        /// The answer said close; what still comes is thrown away until the client closes too.
        case lingering
        case closed
    }

    /// How much of a body is still to come.
    enum Framing {
        case length(remaining: Int)
        case chunked(ChunkedDecoder)
    }

    let stream: Stream
    unowned(unsafe) let proxy: ProxyProcess
    var phase = Phase.between
    var current = CurrentRequest()
    /// The request that the arriving body is for, if a worker will see it. Otherwise the body is collected if it has a
    /// meaning, and `localEndpoint` answers. Neither is there when the body was answered at its head.
    private var arriving: ProxyRequest?
    private var localEndpoint: LocalEndpoint?
    var framing = Framing.length(remaining: 0)
    /// What has come of the body for `localEndpoint`. Empty, and without memory, at all other times.
    private(set) var collected: [UInt8] = []
    /// Bytes that came and are not used yet.
    var pending = PendingBytes()
    private var scanned = 0
    /// In `proxy.knownHeads`.
    private let knownHeadPlace: Int
    private var hasEnded = false
    private var lingeredByteCount = 0
    private var bodyStartedAt: UInt64 = 0
    private var bodyReceivedByteCount = 0
    private var readsBodyDirectly = false
    /// As the socket has it.
    private var lowWater = 1
    private var isProcessing = false
    private var lastQueuedByteCount = 0

    // The connection's place among those that wait for the same thing, see `ConnectionTimeouts`.
    var timeout: TimeoutKind?
    var timeoutAt: UInt64 = 0
    var timeoutPrevious: Unmanaged<ClientConnection>?
    var timeoutNext: Unmanaged<ClientConnection>?

    init(_ stream: Stream, proxy: ProxyProcess) {
        self.stream = stream
        self.proxy = proxy
        knownHeadPlace = proxy.knownHeads.takePlace()
        stream.disableNagle()
        stream.setOwner(self)
        stream.startReading()
        wait(for: .firstByte)
    }

    /// A request has begun and is not answered.
    var isBusy: Bool {
        switch phase {
        case .head, .body, .waiting, .writing: true
        case .between, .lingering, .closed: false
        }
    }

    func wait(for kind: TimeoutKind) {
        proxy.timeouts.start(kind, for: self, at: proxy.loop.nowMilliseconds)
    }

    // MARK: Bytes in

    func memory(for stream: Stream) -> UnsafeMutableRawBufferPointer {
        readsBodyDirectly = false
        if phase == .body, pending.isEmpty, let request = arriving,
            case .length(let remaining) = framing, remaining >= proxy.clientScratch.count
        {
            readsBodyDirectly = true
            return request.room(for: min(remaining, Self.bodyReadByteCount))
        }
        return proxy.clientScratch
    }

    func stream(_ stream: Stream, didRead bytes: UnsafeRawBufferPointer) {
        proxy.metrics.received(byteCount: bytes.count)
        switch phase {
        case .lingering:
            lingeredByteCount += bytes.count
            if lingeredByteCount > Self.lingerByteLimit { close() }
        case .waiting, .writing:
            pending.append(bytes)
            if pending.count > Self.pipelineByteLimit { stream.stopReading() }
        case .between, .head, .body:
            if readsBodyDirectly { extendBody(by: bytes.count) } else { take(bytes) }
            setLowWater()
        case .closed:
            break
        }
    }

    /// Waits for a good part of a large body at a time, and for each byte of everything else.
    private func setLowWater() {
        var wanted = 1
        if phase == .body, let request = arriving, request.announcedByteCount >= Self.lowWaterBodyByteCount,
            case .length(let remaining) = framing
        {
            wanted = min(remaining, Self.bodyWakeByteCount)
        }
        guard wanted != lowWater else { return }
        lowWater = wanted
        stream.setLowWater(wanted)
    }

    private func extendBody(by byteCount: Int) {
        guard let request = arriving, case .length(let remaining) = framing else { return }
        request.extend(by: byteCount)
        bodyReceivedByteCount += byteCount
        framing = .length(remaining: remaining - byteCount)
        countBuffered(byteCount)
        if phase == .body, remaining == byteCount { endBody() }
        resume()
    }

    /// Uses what came, after what was left over before.
    private func take(_ bytes: UnsafeRawBufferPointer) {
        if pending.isEmpty {
            let used = process(bytes)
            if phase != .closed, used < bytes.count {
                pending.append(UnsafeRawBufferPointer(rebasing: bytes[used...]))
            }
        } else {
            pending.append(bytes)
            resume()
        }
    }

    /// Goes on with what is pending, when there is any and the phase allows it.
    func resume() {
        guard !isProcessing, phase == .between || phase == .head || phase == .body else { return }
        if !pending.isEmpty {
            let used = process(pending.bytes)
            if phase == .closed { return }
            pending.removeFirst(used)
        }
        if hasEnded { return endOfPending() }
        if pending.count <= Self.pipelineByteLimit { stream.startReading() }
    }

    /// - Returns: how many of `bytes` were used.
    private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
        isProcessing = true
        defer { isProcessing = false }
        var used = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
            let step: Int
            do throws(HTTPParseError) {
                switch phase {
                case .between, .head: step = try readHead(rest)
                case .body: step = try readBody(rest)
                case .lingering: return bytes.count
                case .waiting, .writing, .closed: return used
                }
            } catch {
                refuse(error)
                return bytes.count
            }
            used += step
            // A body may have ended without a byte; everything else needs more.
            if step == 0 && (phase == .between || phase == .head || phase == .body) { return used }
        }
    }

    // MARK: Heads

    private func readHead(_ bytes: UnsafeRawBufferPointer) throws(HTTPParseError) -> Int {
        guard bytes.count > 0 else { return 0 }
        if scanned == 0, let known = proxy.knownHeads.find(bytes, at: knownHeadPlace), let route = known.route {
            proxy.timeouts.stop(self)
            current.begin(known.head, bytes, proxy: proxy)
            follow(.infer(route), known.head, restByteCount: bytes.count - known.head.byteCount)
            return known.head.byteCount
        }
        let step = try HTTPRequestHead.parse(bytes, scanned: &scanned, limits: proxy.limits)
        switch step {
        case .incomplete:
            if phase == .between {
                phase = .head
                wait(for: .head)
            }
            return 0
        case .head(let head):
            scanned = 0
            proxy.timeouts.stop(self)
            try begin(head, bytes)
            return head.byteCount
        }
    }

    private func begin(
        _ head: HTTPRequestHead, _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPParseError) {
        current.begin(head, bytes, proxy: proxy)
        phase = .body  // what is wrong from here on is wrong with a head that was read
        let router = Router(
            catalog: proxy.catalog, defaultModel: proxy.settings.defaultModel, method: head.method,
            fields: RouteFields(head, bytes), vertex: proxy.vertexRoutes)
        let path = UnsafeRawBufferPointer(rebasing: bytes[head.path])
        let route = try router.route(path)
        if case .infer(let route) = route { proxy.knownHeads.keep(head, bytes, at: knownHeadPlace, route) }
        follow(route, head, restByteCount: bytes.count - head.byteCount)
    }

    /// Admits the request and makes ready for its body, of which `restByteCount` bytes or less are here.
    private func follow(_ route: Route, _ head: borrowing HTTPRequestHead, restByteCount: Int) {
        phase = .body
        admit(route, head)
        guard phase == .body else { return }
        switch head.framing {
        case .none: framing = .length(remaining: 0)
        case .length(let count): framing = .length(remaining: count)
        case .chunked: framing = .chunked(ChunkedDecoder(bodyLimit: bodyByteLimit, limits: proxy.limits))
        }
        if head.expectsContinue, restByteCount == 0 { sendContinue() }
        if case .length(let count) = framing {
            if count == 0 { return endBody() }
            if count <= restByteCount { return }  // nobody has to wait for it
        }
        bodyStartedAt = proxy.loop.nowMilliseconds
        bodyReceivedByteCount = 0
        wait(for: .bodyGrace)
    }

    /// Of the request that was admitted.
    private var bodyByteLimit: Int {
        arriving?.model?.route.limits.bodyByteLimit ?? Self.localBodyByteLimit
    }

    /// Decides before the body is read whether it will be (HARDENING §1, row 13).
    private func admit(_ route: Route, _ head: HTTPRequestHead) {
        switch route {
        case .infer(let route):
            current.servingProtocol = route.servingProtocol
            current.model = route.model
            if let reply = refusal(of: head, route.model, route.servingProtocol) {
                return beginLocal(.failure(reply), head)
            }
            let request = proxy.requests.take()
            request.endpoint = route.endpoint
            request.namesVersion = route.namesVersion
            request.servingProtocol = route.servingProtocol
            request.model = route.model
            request.inferenceHeaderByteCount = Int64(head.inferenceHeaderContentLength ?? -1)
            request.coding = ContentCoding(head.contentCoding) ?? .identity
            request.accepted = head.acceptedCodings
            if case .length(let count) = head.framing { request.announcedByteCount = count }
            arriving = request
        case .local(let endpoint, let servingProtocol):
            current.servingProtocol = servingProtocol
            beginLocal(endpoint, head)
        }
    }

    /// A reason not to read the body of a request for `model`, or nil.
    private func refusal(
        of head: HTTPRequestHead, _ model: ServedModel, _ shape: ServingProtocol
    ) -> Reply? {
        if let reply = refusal(of: head, bodyByteLimit: model.route.limits.bodyByteLimit, shape) { return reply }
        if head.contentCoding == .unknown {
            var reply = Reply.error(
                415, "the body's Content-Encoding is not known; expected gzip, deflate or none", shape)
            reply.listsCodings = true
            return reply
        }
        return proxy.overload(model).map { .error($0, shape) }
    }

    /// The same for a body that says it is too long. One in chunks is cut off by its decoder.
    private func refusal(of head: HTTPRequestHead, bodyByteLimit: Int, _ shape: ServingProtocol) -> Reply? {
        guard case .length(let count) = head.framing, count > bodyByteLimit else { return nil }
        let error = HTTPParseError.bodyTooLarge(limit: bodyByteLimit)
        return .error(error.status, "\(error), Content-Length is \(count)", shape)
    }

    /// The proxy answers by itself. A body that is not worth reading is not read: the connection closes.
    private func beginLocal(_ endpoint: LocalEndpoint, _ head: HTTPRequestHead) {
        var early = refusal(of: head, bodyByteLimit: Self.localBodyByteLimit, current.servingProtocol)
        if case .failure(let reply) = endpoint, early != nil || head.expectsContinue { early = reply }
        guard var early else {
            localEndpoint = endpoint
            return
        }
        early.closes = true
        answer(early)
    }

    private func sendContinue() {
        proxy.metrics.continueSent()
        if !send(UnsafeRawBufferPointer(HTTPResponseHead.continue), .empty) { current.closesAfterAnswer = true }
    }

    // MARK: Bodies

    private func readBody(_ bytes: UnsafeRawBufferPointer) throws(HTTPParseError) -> Int {
        switch framing {
        case .length(let remaining):
            let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(remaining))
            keep(part)
            framing = .length(remaining: remaining - part.count)
            if phase == .body, part.count == remaining { endBody() }
            return part.count
        case .chunked(var decoder):
            var position = 0
            loop: while true {
                switch try decoder.next(bytes, &position) {
                case .data(let range):
                    keep(UnsafeRawBufferPointer(rebasing: bytes[range]))
                    guard phase == .body else { return position }
                case .incomplete:
                    framing = .chunked(decoder)
                    return position
                case .done:
                    break loop
                }
            }
            endBody()
            return position
        }
    }

    private func keep(_ part: UnsafeRawBufferPointer) {
        bodyReceivedByteCount += part.count
        if let request = arriving {
            request.append(part)
            countBuffered(part.count)
        } else if readsBody {
            collected.append(contentsOf: part)
            countBuffered(part.count)
        }
    }

    /// The body has a meaning for `localEndpoint`: that of GET or HEAD has none (RFC 9110 §9.3.1).
    private var readsBody: Bool {
        guard current.method == .post else { return false }
        switch localEndpoint {
        case nil, .failure: return false
        case .some: return true
        }
    }

    /// Counts what has come of the arriving body, and refuses it when all bodies together are too much.
    private func countBuffered(_ byteCount: Int) {
        proxy.bufferedByteCount += byteCount
        if proxy.bufferedByteCount > proxy.settings.bufferedByteLimit { refuseForMemory() }
    }

    private func refuseForMemory() {
        dropArriving()
        var reply = Reply.error(
            503, "too many bytes of requests are waiting on this server; try again later",
            current.servingProtocol)
        reply.closes = true
        answer(reply)
    }

    private func endBody() {
        proxy.timeouts.stop(self)
        guard let request = arriving else { return answerLocally() }
        arriving = nil
        phase = .waiting
        current.request = request
        request.connection = self
        current.bodyByteCount = request.bodyByteCount
        proxy.submit(request, from: self)
    }

    private func answerLocally() {
        guard let endpoint = localEndpoint else {
            preconditionFailure("a body without a place was answered at its head")
        }
        let body = collected
        dropCollected()
        guard case .repositoryChange(let name, let loads) = endpoint else {
            return answer(proxy.reply(to: endpoint, body: body))
        }
        if let refusal = proxy.refusalOfModelChange(body) { return answer(refusal) }
        phase = .waiting
        proxy.changeModel(name, loads: loads, for: self)
    }

    /// Forgets the body that was arriving: its client will not wait for an answer to it.
    private func dropArriving() {
        dropCollected()
        guard let request = arriving else { return }
        arriving = nil
        setLowWater()
        proxy.bufferedByteCount -= request.bodyByteCount
        proxy.requests.release(request)
    }

    private func dropCollected() {
        localEndpoint = nil
        proxy.bufferedByteCount -= collected.count
        collected = []
    }

    // MARK: Refusals and the end

    private func refuse(_ error: HTTPParseError) {
        if phase == .between || phase == .head { current.beginUnreadable(proxy: proxy) }
        let endpoint = localEndpoint
        dropArriving()
        if case .failure(var reply) = endpoint, case .bodyTooLarge = error {
            reply.closes = true
            return answer(reply)
        }
        proxy.metrics.recordParseError(status: error.status)
        var reply = Reply.error(error.status, error.description, current.servingProtocol)
        reply.closes = true
        answer(reply)
    }

    func stream(_ stream: Stream, didEnd error: UVError?) {
        hasEnded = true
        if error != nil { return close() }
        endOfInput()
    }

    /// The client will send no more. What came whole is answered, in its order (RFC 9112 §9.6). But a request that still
    /// waits, in the queue or behind others at its worker, goes, and with it what came behind it: most likely nobody is
    /// there any more.
    private func endOfInput() {
        if phase == .waiting, let request = current.request {
            if request.state == .queued { return close() }
            if request.isBehindOthers { request.cancel() }
        }
        endOfPending()
    }

    /// The client has sent no more than what is pending, and a part of a request is none.
    private func endOfPending() {
        switch phase {
        case .between, .head, .body, .lingering, .closed: close()
        case .waiting, .writing: if pending.isEmpty { current.closesAfterAnswer = true }
        }
    }

    func streamDidDrain(_ stream: Stream) {
        guard phase == .writing else { return }
        finishAnswer()
        resume()
    }

    func stream(_ stream: Stream, didFailToWrite error: UVError) { close() }

    func timedOut(_ kind: TimeoutKind) {
        switch kind {
        case .firstByte, .idle, .linger:
            close()
        case .head:
            current.beginUnreadable(proxy: proxy)
            timeOut("the header section did not arrive within \(proxy.settings.headMilliseconds) ms")
        case .bodyGrace, .bodyRate:
            checkBodyRate()
        case .write:
            let queued = stream.queuedByteCount
            if queued >= lastQueuedByteCount { return close() }
            lastQueuedByteCount = queued
            wait(for: .write)
        }
    }

    private func checkBodyRate() {
        let elapsed = Int(proxy.loop.nowMilliseconds - bodyStartedAt)
        let timed = max(0, elapsed - proxy.settings.bodyGraceMilliseconds)
        let wanted = proxy.settings.bodyBytesPerSecond * timed / 1000
        let unread = lowWater > 1 ? stream.unreadByteCount : 0
        if bodyReceivedByteCount + unread <= wanted {
            timeOut("the body arrived slower than \(proxy.settings.bodyBytesPerSecond) bytes a second")
        } else {
            wait(for: .bodyRate)
        }
    }

    private func timeOut(_ sentence: String) {
        dropArriving()
        proxy.metrics.recordParseError(status: 408)
        var reply = Reply.error(408, sentence, current.servingProtocol)
        reply.closes = true
        answer(reply)
    }

    /// Says close and waits for the client to close too, so that it can read its answer.
    func linger() {
        phase = .lingering
        if !isProcessing { pending = PendingBytes() }  // else whoever does that goes on with it
        stream.shutdownWriting()
        if hasEnded { return close() }
        stream.startReading()
        wait(for: .linger)
    }

    /// Waits until the client has taken what is queued for it.
    func awaitDrain() {
        phase = .writing
        lastQueuedByteCount = stream.queuedByteCount
        wait(for: .write)
    }

    /// Lets everything go, now. May be called twice.
    func close() {
        guard phase != .closed else { return }
        dropArriving()
        phase = .closed
        proxy.timeouts.stop(self)
        if let request = current.request {
            current.request = nil
            request.connection = nil
            proxy.abandon(request)
        }
        stream.close()
        proxy.connectionClosed(self)
    }
}
