import ApusWire

extension Session {
    /// Finds out whether requests may be joined along dimension 0: runs made-up rows alone and together,
    /// and compares. Belongs in a throwaway process: it runs the model a dozen times.
    ///
    /// Floats may differ by 1e-5 relative or 1e-6 absolute, since a matrix product may add in another
    /// order; all else has to be equal. A model that passes by luck is conceivable, as with every trial;
    /// the rows differ from one another so that sums over the batch and sequences show.
    package func proveBatching() -> BatchingFinding {
        if let finding = batchingFindingByShape { return finding }
        var rowCount = 1
        do throws(InferenceError) {
            // Two groups: with equal counts, a model that reverses or averages its rows could pass one.
            for count in [2, 5] {
                let trial = BatchingTrial(inputs, rowCount: count)
                var alone: [[CapturedTensor]] = []
                rowCount = 1
                for row in 0..<count { alone.append(try capture(trial, rows: row..<row + 1)) }
                rowCount = count
                let together = try capture(trial, rows: 0..<count)
                if let finding = compare(alone, together) { return finding }
            }
            return .batchable
        } catch {
            guard case .runFailed(_, let reason) = error else { preconditionFailure("a run only fails so") }
            return .runFailed(rowCount: rowCount, reason: reason)
        }
    }

    private func capture(
        _ trial: BatchingTrial, rows: Range<Int>
    ) throws(InferenceError) -> [CapturedTensor] {
        try trial.withViews(rows: rows) { tensors throws(InferenceError) in
            try run(tensors) { outputs in outputs.map { CapturedTensor($0) } }
        }
    }

    private func compare(
        _ alone: [[CapturedTensor]], _ together: [CapturedTensor]
    ) -> BatchingFinding? {
        for index in outputs.indices {
            let name = outputs[index].name
            let all = together[index]
            if let other = otherRowCount(name, all, alone.count) { return other }
            for row in alone.indices {
                let one = alone[row][index]
                if let other = otherRowCount(name, one, 1) { return other }
                guard one.isRow(row, of: all) else { return .answersDiffer(output: name, row: row) }
            }
        }
        return nil
    }

    private func otherRowCount(
        _ name: String, _ tensor: CapturedTensor, _ wanted: Int
    ) -> BatchingFinding? {
        tensor.shape.first == wanted
            ? nil : .otherRowCount(output: name, found: tensor.shape, rowCount: wanted)
    }
}
