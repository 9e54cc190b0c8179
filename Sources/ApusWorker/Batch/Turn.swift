import ApusModel
import ApusProtocols
import ApusWire

/// What one turn of a worker collects: requests, decoded into shared buffers one behind the other, which then
/// run together where they may. See `Turn+Runs` and `Turn+Answers`.
///
/// Lives as long as the worker; once warm, a turn allocates nothing.
final class Turn {
    /// Buffers that one huge turn made bigger come back to this.
    static let restingByteCount = 8 << 20
    /// A turn of fewer bytes makes no buffer bigger than that: a byte of CSV is a number of eight at most, or a text whose
    /// end takes eight, and a buffer that grows has room for as much again.
    private static let lightByteCount = restingByteCount / 16

    let model: WorkerModel
    /// Requests may share runs. Starts as the self-test says, and ends when a run gives other rows than it got.
    var isBatchable: Bool
    /// The last reading of the clock: phases end and begin at it.
    var mark: UInt64 = 0
    /// When it was last found out who has gone, while runs go on.
    var lookedAt: UInt64 = 0
    /// The requests to run, in the order in which they came.
    private(set) var requests: [PendingRequest] = []
    /// The earliest arrival among them.
    private(set) var earliestArrival = UInt64.max
    private(set) var rowCount = 0
    /// A request named a priority.
    private(set) var hasPriorities = false

    /// Bytes of the turn's bodies, unpacked, and of what was filled in.
    private var byteCount = 0
    private let buffers: [TensorBuffer]
    private var pool: [PendingRequest] = []

    // What forming and performing runs needs, kept for its memory.
    let inputs: RunInputs
    let joined = JoinedOutputs()
    var planner: RunPlanner
    private(set) var limit: BatchLimit
    var items: [RunPlanner.Item] = []
    var members: [PendingRequest] = []
    var wanted: [Bool]
    var dirty: [Link] = []
    let packed = ResponseBuffer()

    init(_ model: WorkerModel) {
        self.model = model
        isBatchable = model.schema.isBatchable
        buffers = model.schema.inputs.map { TensorBuffer($0.elementType) }
        inputs = RunInputs(buffers)
        limit = BatchLimit(
            most: max(model.schema.maxBatchRowCount, 1), longestRunNanoseconds: model.settings.maxRunNanoseconds)
        planner = RunPlanner(rowLimit: limit.rowLimit)
        wanted = model.schema.outputs.map { _ in false }
    }

    /// Starts the clock of a turn. Before the first `admit`.
    func begin() { mark = MonotonicClock.now() }

    /// Takes one request in: decodes it, or answers at once what is wrong with it.
    /// - Parameter body: as it came; 64 bytes behind it are readable. Large tensors in it are read where they lie
    ///   until `ownBodies` or the turn's end.
    func admit(_ frame: InferFrame, _ body: UnsafeRawBufferPointer, from link: Link) {
        let request = fresh()
        request.frame = frame
        request.link = link
        request.isCancelled = false
        request.inference.reset()
        if let error = request.refusal(at: mark) { return refuse(request, error) }
        ownBodies()
        let began = mark
        do throws(InferenceError) {
            try decode(request, body)
            mark = MonotonicClock.now()
            request.decodedAt = mark
            request.decodeNanoseconds = mark &- began
            collect(request)
        } catch {
            for (index, buffer) in buffers.enumerated() { buffer.truncate(to: request.firstElements[index]) }
            mark = MonotonicClock.now()
            request.decodeNanoseconds = mark &- began
            refuse(request, error)
        }
    }

    /// The client of that request, which came on `link`, has gone. Nothing happens when it has been answered.
    func cancel(_ id: UInt64, from link: Link) {
        requests.first { $0.frame.requestID == id && $0.link === link }?.isCancelled = true
    }

    /// Something collected is still read from the memory that its body came in.
    var borrowsBodies: Bool { buffers.contains { $0.isBorrowed } }

    /// Copies what is still read from the memory that a body came in: before that memory is used again.
    func ownBodies() {
        for buffer in buffers { buffer.own() }
    }

    /// Forgets what was answered, keeps the memory.
    func end() {
        for request in requests { request.link = nil }
        requests.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        earliestArrival = .max
        rowCount = 0
        hasPriorities = false
        for buffer in buffers { buffer.removeAll() }
        if byteCount >= Self.lightByteCount { shrink() }
        byteCount = 0
    }

    /// Gives the memory of a big turn back.
    private func shrink() {
        for buffer in buffers { buffer.shrink(toByteCount: Self.restingByteCount) }
        inputs.shrink(toByteCount: Self.restingByteCount)
        model.shrink()
    }

    /// Learns how many rows a run should have.
    func learn(_ run: RunFacts) {
        limit.record(rowCount: run.rowCount, nanoseconds: run.computeNanoseconds)
        planner.rowLimit = limit.rowLimit
    }

    /// Puts the most urgent first; those of the same priority stay in the order of arrival.
    func orderByPriority() {
        for place in requests.indices.dropFirst() {
            var index = place
            while index > 0, requests[index].rank < requests[index - 1].rank {
                requests.swapAt(index, index - 1)
                index -= 1
            }
        }
    }

    private func decode(_ request: PendingRequest, _ body: UnsafeRawBufferPointer) throws(InferenceError) {
        request.firstElements.removeAll(keepingCapacity: true)
        for buffer in buffers { request.firstElements.append(buffer.count) }
        let frame = request.frame
        let headerByteCount = frame.inferenceHeaderByteCount
        let plain = try unpack(body, frame.coding)
        byteCount += plain.count
        defer { byteCount += request.inference.filledByteCount }
        do throws(InferenceError) {
            try model.codec(frame.endpoint).decode(
                plain, headerByteCount: headerByteCount < 0 ? nil : Int(headerByteCount), inputs: buffers,
                request: request.inference)
        } catch {
            throw request.inference.problems(
                with: error, model.features, inputs: buffers, firstElements: request.firstElements)
        }
        try model.features?.check(request.inference, inputs: buffers, firstElements: request.firstElements)
    }

    private func unpack(
        _ body: UnsafeRawBufferPointer, _ coding: ContentCoding
    ) throws(InferenceError) -> UnsafeRawBufferPointer {
        do throws(ContentCodingError) {
            return try model.inflater.inflate(body, coding)
        } catch {
            byteCount += model.settings.bodyByteLimit  // at most that was unpacked
            if case .tooLarge(let limit) = error { throw .bodyTooLarge(limit: limit) }
            throw .malformed(error.description)
        }
    }

    private func collect(_ request: PendingRequest) {
        requests.append(request)
        rowCount += min(request.inference.rowCount, Int.max - rowCount)
        earliestArrival = min(earliestArrival, request.frame.arrivedAt)
        hasPriorities = hasPriorities || request.inference.priority != 0
    }

    private func refuse(_ request: PendingRequest, _ error: InferenceError) {
        answer(request, error, run: nil)
        request.link = nil
    }

    /// A request object that nobody uses. Those of `requests` are the pool's first ones.
    private func fresh() -> PendingRequest {
        if requests.count == pool.count { pool.append(PendingRequest(bodyByteLimit: model.settings.bodyByteLimit)) }
        return pool[requests.count]
    }
}
