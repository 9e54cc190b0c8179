import ApusWire

/// What `/predict` takes for one row.
extension ModelSchema {
    /// Dimension 0 of every input is the rows.
    var hasRows: Bool {
        let first = inputs.first?.shape.first
        return first != nil && inputs.allSatisfy { $0.shape.first == first }
    }

    /// The rows that every request must have, when the model's dimension 0 is fixed.
    var fixedRowCount: Int? { hasRows ? inputs.first?.shape.first ?? nil : nil }
}

extension TensorSpec {
    /// Whether a single value may stand for it, leaving the dimensions before `first` aside.
    func isOneValue(from first: Int) -> Bool { shape.dropFirst(first).allSatisfy { $0 == nil || $0 == 1 } }
}
