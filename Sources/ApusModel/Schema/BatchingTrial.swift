import ApusWire

/// Made-up rows that differ from one another, of which any range can be given to a run.
struct BatchingTrial {
    private let example: ExampleInput

    init(_ inputs: [TensorSpec], rowCount: Int) {
        example = ExampleInput(inputs, rowCount: rowCount, seed: rowCount)
    }

    /// Lends those rows of every input to `body`.
    func withViews<R>(
        rows: Range<Int>, _ body: ([TensorView]) throws(InferenceError) -> R
    ) throws(InferenceError) -> R {
        try example.withViews { views throws(InferenceError) in
            try body(views.map { Self.slice($0, rows: rows) })
        }
    }

    private static func slice(_ whole: TensorView, rows: Range<Int>) -> TensorView {
        let perRow = (whole.shape.elementCount ?? 0) / max(whole.shape[0], 1)
        let elements = rows.lowerBound * perRow..<rows.upperBound * perRow
        // Every string of an example has one byte, so the ends of any row are the first ones.
        let size = whole.elementType.byteCount ?? 1
        let bytes = elements.lowerBound * size..<elements.upperBound * size
        var view = whole
        view.shape[0] = rows.count
        view.bytes = UnsafeRawBufferPointer(rebasing: whole.bytes[bytes])
        if whole.elementType == .string {
            view.ends = UnsafeBufferPointer(rebasing: whole.ends[..<elements.count])
        }
        return view
    }
}
