import ApusWire

/// Whether a model's requests may be joined into one run, and if not, why.
package enum BatchingFinding: Equatable, Sendable {
    /// Rows give the same answers alone and together.
    case batchable
    /// `role` and `name` have a first dimension of a fixed size, or none.
    case fixedFirstDimension(EngineError.Role, name: String)
    /// The model has no input, so there is nothing to join.
    case noInputs
    /// A run of one row, or of several, failed; the engine's words.
    case runFailed(rowCount: Int, reason: String)
    /// An output's first dimension was not the number of rows.
    case otherRowCount(output: String, found: [Int], rowCount: Int)
    /// An output of one row has another shape or other values alone than together with others.
    case answersDiffer(output: String, row: Int)
}

extension BatchingFinding: CustomStringConvertible {
    /// For the log and `apus status`.
    package var description: String {
        switch self {
        case .batchable:
            return "rows give the same answers alone and together"
        case .fixedFirstDimension(let role, let name):
            return "\(role.rawValue) '\(name)' has no first dimension of any size"
        case .noInputs:
            return "the model has no input"
        case .runFailed(let rowCount, let reason):
            return "a trial run of \(rowCount) row\(rowCount == 1 ? "" : "s") failed: \(reason)"
        case .otherRowCount(let output, let found, let rowCount):
            return "output '\(output)' has shape \(found) for \(rowCount) rows"
        case .answersDiffer(let output, let row):
            return "output '\(output)' of row \(row) changes when rows are joined"
        }
    }
}

extension Session {
    /// The schema's part of the question: every input and output has a first dimension of any size.
    package var isBatchableByShape: Bool { batchingFindingByShape == nil }

    /// What the shapes alone say against joining requests; nil if nothing.
    package var batchingFindingByShape: BatchingFinding? {
        if inputs.isEmpty { return .noInputs }
        func isOpen(_ shape: [Int?]) -> Bool { !shape.isEmpty && shape[0] == nil }
        if let spec = inputs.first(where: { !isOpen($0.shape) }) {
            return .fixedFirstDimension(.input, name: spec.name)
        }
        if let spec = outputs.first(where: { !isOpen($0.shape) }) {
            return .fixedFirstDimension(.output, name: spec.name)
        }
        return nil
    }
}

extension Session {
    /// The model as protocols and workers see it.
    package func schema(
        version: Int, batching: BatchingFinding, maxBatchRowCount: Int
    ) -> ModelSchema {
        ModelSchema(
            name: name, version: version, inputs: inputs, outputs: outputs,
            isBatchable: batching == .batchable, maxBatchRowCount: maxBatchRowCount)
    }
}
