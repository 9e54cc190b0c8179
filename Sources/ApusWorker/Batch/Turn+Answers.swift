import ApusProtocols
import ApusWire

/// Answers.
extension Turn {
    /// The longest answer; a frame's body byte count has 32 bits, and a proxy holds answers in memory.
    private static let answerByteLimit = 1 << 30

    /// Answers `request` from its rows of the run's outputs.
    func answer(
        _ request: PendingRequest, _ outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        run facts: inout RunFacts
    ) {
        guard let link = request.link, !link.isClosed else { return }
        let start = link.outbox.begin()
        let buffer = link.outbox.buffer
        do throws(InferenceError) {
            try model.codec(request.frame.endpoint).encode(
                request.inference, outputs: outputs, rows: rows, into: buffer)
            let byteCount = link.outbox.bodyByteCount(from: start)
            guard byteCount <= Self.answerByteLimit else {
                throw .runFailed(model: model.schema.name, reason: "the answer has \(byteCount) bytes")
            }
        } catch {
            link.outbox.cancel(start)
            answer(request, error, run: facts)
            facts.isFirst = false
            return
        }
        let coding = pack(link.outbox, start, request.frame.accepted)
        var frame = head(request, status: 200, run: facts)
        frame.coding = coding
        frame.contentType = buffer.contentType == .json ? .json : .octetStream
        frame.inferenceHeaderByteCount = Int32(buffer.inferenceHeaderByteCount ?? -1)
        frame.requestRowCount = UInt32(clamping: request.inference.rowCount)
        link.outbox.finish(start, frame)
        facts.isFirst = false
        touch(link)
    }

    /// Answers `request` with what was wrong.
    /// - Parameter facts: of the run that it was part of, if it was.
    func answer(_ request: PendingRequest, _ error: InferenceError, run facts: RunFacts?) {
        if case .runFailed(_, let reason) = error {
            model.log.error("a run failed", metadata: ["reason": "\(reason)"])
        }
        guard let link = request.link, !link.isClosed else { return }
        let start = link.outbox.begin()
        link.outbox.buffer.append(error: error, shape: request.frame.endpoint.errorShape)
        link.outbox.finish(start, head(request, status: error.status, run: facts))
        touch(link)
    }

    /// Sends what was answered since the last call.
    func flushDirty() {
        for link in dirty { link.flush() }
        dirty.removeAll(keepingCapacity: true)
    }

    /// Packs the body that began at `start` when the client takes that and it is worth it.
    private func pack(_ outbox: AnswerOutbox, _ start: Int, _ accepted: HTTPAcceptedCodings) -> ContentCoding {
        guard !accepted.isEmpty, outbox.bodyByteCount(from: start) >= Deflater.worthwhileByteCount else {
            return .identity
        }
        let coding: ContentCoding = accepted.contains(.gzip) ? .gzip : .deflate
        let body = UnsafeRawBufferPointer(rebasing: outbox.buffer.bytes[(start + ResultFrame.byteCount)...])
        packed.removeAll()
        model.deflater.deflate(body, coding, into: packed)
        outbox.restart(start)
        outbox.buffer.append(packed.bytes)
        packed.shrink(toByteCount: Self.restingByteCount)
        return coding
    }

    private func head(_ request: PendingRequest, status: Int, run facts: RunFacts?) -> ResultFrame {
        var frame = ResultFrame(
            requestID: request.frame.requestID, bodyByteCount: 0, status: UInt16(status))
        frame.timing.decode = request.decodeNanoseconds
        let before = mark
        mark = MonotonicClock.now()
        guard let facts else { return frame }
        frame.flags.isFirstOfRun = facts.isFirst
        frame.runRowCount = UInt32(clamping: facts.rowCount)
        frame.timing.batchWait = facts.beganAt &- request.decodedAt
        frame.timing.compute = facts.computeNanoseconds
        frame.timing.encode = mark &- before
        return frame
    }

    private func touch(_ link: Link) {
        guard !link.isDirty else { return }
        link.isDirty = true
        dirty.append(link)
    }
}
