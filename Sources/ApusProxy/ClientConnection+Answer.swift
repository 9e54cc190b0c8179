import ApusLoop
import ApusWire

/// Answers: head and body go out in one write; what the socket does not take at once is queued.
extension ClientConnection {
    /// Bodies up to this are copied behind their head. Beside it, `headScratch` has room for any head.
    static let joinedByteCount = 2048

    /// Sends an answer that the proxy made.
    func answer(_ reply: Reply) {
        proxy.timeouts.stop(self)
        var head = HTTPResponseHead(status: reply.status)
        head.contentLength = reply.status == 204 ? nil : reply.body.count
        head.retryAfter = reply.retryAfter
        head.listsCodings = reply.listsCodings
        head.allow = reply.allow.map { UnsafeRawBufferPointer($0) }
        if reply.status != 204 { head.contentType = UnsafeRawBufferPointer(reply.contentType.name) }
        head.isPage = reply.contentType == .html
        if reply.closes { current.closesAfterAnswer = true }
        reply.body.withUnsafeBytes { write(&head, $0) }
        proxy.recordLocal(current, status: reply.status, byteCount: reply.body.count)
        finishWrite()
    }

    /// Sends a worker's answer.
    /// - Parameter body: borrowed from the link's memory.
    func answer(_ result: ResultFrame, _ body: UnsafeRawBufferPointer, _ timing: ServerTiming) {
        current.request = nil
        var head = HTTPResponseHead(status: Int(result.status))
        head.contentLength = body.count
        head.contentType = UnsafeRawBufferPointer(result.contentType.name)
        head.contentEncoding = HTTPContentCoding(result.coding)
        head.variesByEncoding = result.coding != .identity
        head.serverTiming = timing
        if result.inferenceHeaderByteCount >= 0 {
            head.inferenceHeaderContentLength = Int(result.inferenceHeaderByteCount)
        }
        if result.status == 503 { head.retryAfter = 1 }
        write(&head, body)
        finishWrite()
        resume()
    }

    private func write(_ head: inout HTTPResponseHead, _ body: UnsafeRawBufferPointer) {
        if proxy.isDraining || proxy.isRetiring || proxy.isPaused || !current.keepAlive {
            current.closesAfterAnswer = true
        }
        if current.closesAfterAnswer {
            head.connection = .close
        } else if current.versionMinor == 0 {
            head.connection = .keepAlive
        }
        head.date = proxy.date.text
        if proxy.settings.logsAccess { logAccess(status: head.status, byteCount: body.count) }
        let isHead = current.method == .head
        let model = current.model?.label
        let isSent = model.withBytes { label in
            current.withRequestID { id in
                head.model = label
                head.requestID = id
                var cursor = ByteCursor(proxy.headScratch)
                head.write(into: &cursor)
                if isHead { return send(cursor.written, .empty) }
                // A short body goes behind its head: one piece costs the kernel less than two.
                guard body.count <= Self.joinedByteCount else { return send(cursor.written, body) }
                cursor.append(body)
                return send(cursor.written, .empty)
            }
        }
        if !isSent { current.closesAfterAnswer = true }
    }

    /// Sends bytes as they are. Changes nothing of `current`, whose id may be among them.
    /// - Returns: false when the client is gone.
    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
        proxy.metrics.sent(byteCount: first.count + second.count)
        do throws(UVError) { try stream.send(first, second) } catch { return false }
        return true
    }

    /// One line a request; never a byte of its body or of its query.
    private func logAccess(status: Int, byteCount: Int) {
        let microseconds = (Loop.nanoseconds &- current.startedAt) / 1000
        proxy.log.info(
            "access",
            metadata: [
                "method": "\(current.method.name)", "path": "\(current.path)", "status": "\(status)",
                "request_bytes": "\(current.bodyByteCount)", "response_bytes": "\(byteCount)",
                "duration_us": "\(microseconds)",
                "request_id": "\(current.withRequestID { String(decoding: $0, as: UTF8.self) })",
            ])
    }

    private func finishWrite() {
        if stream.queuedByteCount > 0 { awaitDrain() } else { finishAnswer() }
    }

    /// The answer is with the kernel: the next request, or the end.
    func finishAnswer() {
        if current.closesAfterAnswer { return linger() }
        phase = .between
        wait(for: .idle)
    }
}

extension Optional where Wrapped == [UInt8] {
    fileprivate func withBytes<R>(_ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let self else { return body(nil) }
        return self.withUnsafeBytes { body($0) }
    }
}

extension UnsafeRawBufferPointer {
    static var empty: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }
}
