import ApusWire

/// Made-up rows that differ from one another, of which any range can be given to a run.
struct BatchingTrial {
    private let example: ExampleInput
    private let ends: [[Int]]

    init(_ inputs: [TensorSpec], rowCount: Int) {
        example = ExampleInput(inputs, rowCount: rowCount, seed: rowCount)
        ends = example.views.map { Array($0.ends) }
    }

    /// Those rows of every input. Valid as long as this value.
    func views(rows: Range<Int>) -> [TensorView] {
        example.views.map { whole in
            let perRow = (whole.shape.elementCount ?? 0) / max(whole.shape[0], 1)
            var view = whole
            view.shape[0] = rows.count
            let elements = rows.lowerBound * perRow..<rows.upperBound * perRow
            if let size = whole.elementType.byteCount {
                let bytes = elements.lowerBound * size..<elements.upperBound * size
                view.bytes = UnsafeRawBufferPointer(rebasing: whole.bytes[bytes])
            } else {
                // Every string of an example has one byte, so a row's ends are the first ones.
                view.bytes = UnsafeRawBufferPointer(rebasing: whole.bytes[elements])
                view.ends = UnsafeBufferPointer(rebasing: whole.ends[..<elements.count])
            }
            return view
        }
    }
}
