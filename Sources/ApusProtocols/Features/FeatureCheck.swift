import ApusWire

/// Holds what was decoded against the schema's features: whole numbers in tensors of floats, categories, ranges. After
/// the codec, so that the rules are the same whatever a request was written in.
package final class FeatureCheck {
    private struct Place {
        let rule: FeatureRule
        /// The index of the feature in the schema.
        let index: Int
    }

    private let schema: ModelSchema
    private let mode: OutOfRangeMode
    private let places: [Place]
    /// How many values of each feature were outside of its range or its categories, since the last `takeCounts`.
    private var counts: [UInt64]
    private var hasCounts = false

    /// - Returns: nil for a model of which nothing is known beyond the graph.
    package init?(_ schema: ModelSchema, outOfRange mode: OutOfRangeMode) {
        self.schema = schema
        self.mode = mode
        places = schema.features.enumerated().compactMap { index, feature in
            FeatureRule(feature, in: schema.inputs[feature.input].elementType).map { Place(rule: $0, index: index) }
        }
        counts = Array(repeating: 0, count: schema.features.count)
        if places.isEmpty { return nil }
    }

    /// - Parameter firstElements: where the request's elements begin in each of `inputs`.
    /// - Throws: every value that does not fit, up to a limit.
    package func check(
        _ request: InferenceRequest, inputs: [TensorBuffer], firstElements: [Int]
    ) throws(InferenceError) {
        var problems = ProblemList()
        try check(request, inputs: inputs, firstElements: firstElements, into: &problems)
        try problems.finish()
    }

    /// Notes what does not fit. Of a request that could not be read whole: the inputs with as many elements as their
    /// shape says, less the elements that are unread.
    func check(
        _ request: InferenceRequest, inputs: [TensorBuffer], firstElements: [Int], into problems: inout ProblemList
    ) throws(InferenceError) {
        for place in places {
            let feature = place.rule.feature
            let shape = request.inputShapes[feature.input]
            let first = firstElements[feature.input]
            guard let count = shape.elementCount, inputs[feature.input].count - first == count else { continue }
            guard let column = feature.column, shape.rank > 1 else {
                try check(place, inputs[feature.input], first: first, step: 1, count: count, shape, &problems)
                continue
            }
            let width = shape[shape.rank - 1]
            guard column < width else { continue }
            try check(
                place, inputs[feature.input], first: first + column, step: width, count: count / width, shape,
                &problems)
        }
    }

    /// How many values of each feature were outside of its range or its categories since this was last asked; nil when none were.
    package func takeCounts() -> [UInt64]? {
        guard hasCounts else { return nil }
        defer {
            for index in counts.indices { counts[index] = 0 }
            hasCounts = false
        }
        return counts
    }

    private func check(
        _ place: Place, _ buffer: TensorBuffer, first: Int, step: Int, count: Int, _ shape: Shape,
        _ problems: inout ProblemList
    ) throws(InferenceError) {
        let view = TensorView(elementType: buffer.elementType, shape: shape, bytes: buffer.bytes)
        for row in 0..<count {
            let element = first + row * step
            let verdict = buffer.elementType == .string
                ? place.rule.judge(buffer.string(element)) : place.rule.judge(view.number(element) ?? .nan)
            if verdict != .fits, buffer.leavesUnread(element) { continue }
            switch verdict {
            case .fits: break
            case .fault(let found, let wanted):
                try problems.note(fault(place, found, wanted, row, of: count))
            case .otherCategory(let found, let wanted):
                self.count(place)
                try problems.note(fault(place, found, wanted, row, of: count))
            case .outOfRange(let found, let wanted):
                self.count(place)
                if mode == .reject { try problems.note(fault(place, found, wanted, row, of: count)) }
            }
        }
    }

    private func count(_ place: Place) {
        counts[place.index] += 1
        hasCounts = true
    }

    private func fault(_ place: Place, _ found: String, _ wanted: String, _ row: Int, of count: Int) -> InferenceError {
        let found = count > 1 ? "\(found) at row \(row)" : found
        return .unrepresentable(input: place.rule.feature.name, found: found, wanted: wanted)
    }
}
