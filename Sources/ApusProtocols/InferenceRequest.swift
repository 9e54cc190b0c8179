import ApusWire

/// What a codec read from one body, beside the elements that it appended to the shared buffers: what the
/// worker needs to run it, and what the same codec needs to answer it.
///
/// Made once per place in a worker's turn and used again for request after request; once warm it allocates
/// nothing. It keeps nothing of the body.
package final class InferenceRequest {
    /// The shape of each model input, in the schema's order. Dimension 0 is the rows when the model is batchable.
    package internal(set) var inputShapes: [Shape] = []
    /// Rows of dimension 0 when the model is batchable, else 1. May be 0: such a request is run alone.
    package internal(set) var rowCount = 1
    /// Which of the model's outputs the answer needs, in the schema's order.
    package internal(set) var wantedOutputs: [Bool] = []
    /// `timeout` of the request in microseconds; 0 when it named none (Triton, "Schedule Policy Extension").
    package internal(set) var timeoutMicroseconds: UInt64 = 0
    /// `priority` of the request; 1 is the highest, 0 the model's default (the same extension).
    package internal(set) var priority: UInt64 = 0

    /// What is wrong with it, as far as it was read.
    var problems = ProblemList()
    /// The inputs met so far, in the schema's order.
    var seenInputs: [Bool] = []
    /// The inputs in the order in which they were given.
    var givenInputs: [Int] = []
    /// The outputs to answer with, in the order of the answer.
    var outputs: [OutputRequest] = []
    /// The caller's `id`, when it gave one.
    var id: [UInt8] = []
    /// How a `/predict` body was formed.
    var form = PredictForm.object
    /// How many records a `/predict` body had.
    var recordCount = 1
    /// What was appended to the inputs though the body does not say it, or not so often, in bytes.
    package private(set) var filledByteCount = 0
    /// The most that `filledByteCount` may come to.
    private let fillLimit: Int

    /// The least that may be filled in, in bytes, however short bodies have to be.
    package static let leastFillLimit = 64 << 20

    /// - Parameter bodyByteLimit: the longest body. What is filled in may take as much, and 64 MiB at least.
    package init(bodyByteLimit: Int = 0) { fillLimit = max(bodyByteLimit, Self.leastFillLimit) }

    /// Forgets what the last body asked for and keeps the memory. What belongs to the model's inputs and outputs
    /// stays until `begin`.
    package func reset() {
        rowCount = 1
        timeoutMicroseconds = 0
        priority = 0
        if !outputs.isEmpty { outputs.removeAll(keepingCapacity: true) }
        if !givenInputs.isEmpty { givenInputs.removeAll(keepingCapacity: true) }
        if !id.isEmpty { id.removeAll(keepingCapacity: true) }
        if !problems.isEmpty { problems.removeAll() }
        form = .object
        recordCount = 1
        filledByteCount = 0
    }

    /// Counts what `append` appends to a buffer as filled in.
    func filling<Result, Failure>(
        _ buffer: TensorBuffer, _ append: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let before = buffer.heldByteCount
        defer { filledByteCount += buffer.heldByteCount - before }
        return try append()
    }

    /// - Parameter row: the row that was read last; for the error.
    /// - Throws: `malformed` when too much was filled in.
    func checkFilled(row: Int) throws(InferenceError) {
        guard filledByteCount > fillLimit else { return }
        throw .malformed(
            "what stands for the values that the rows lack takes \(filledByteCount) bytes by row \(row); at most "
                + "\(fillLimit) bytes are expected: send fewer rows at once")
    }

    /// Takes it that no input was met: for the next record.
    func forgetSeenInputs() {
        for index in seenInputs.indices { seenInputs[index] = false }
    }

    /// Starts a request to that model: no input met, no output wanted.
    func begin(_ schema: ModelSchema) {
        reset()
        if inputShapes.count != schema.inputs.count || wantedOutputs.count != schema.outputs.count {
            inputShapes = Array(repeating: Shape(), count: schema.inputs.count)
            seenInputs = Array(repeating: false, count: schema.inputs.count)
            wantedOutputs = Array(repeating: false, count: schema.outputs.count)
            return
        }
        for index in inputShapes.indices {
            inputShapes[index] = Shape()
            seenInputs[index] = false
        }
        for index in wantedOutputs.indices { wantedOutputs[index] = false }
    }

    func want(_ output: OutputRequest) {
        wantedOutputs[output.index] = true
        outputs.append(output)
    }
}

/// One output of an answer.
struct OutputRequest {
    /// Its place in the schema.
    var index: Int
    /// As raw bytes behind the JSON.
    var isBinary = false
    /// The number of best classes wanted in place of the tensor; 0 for the tensor itself.
    var classCount = 0
}
