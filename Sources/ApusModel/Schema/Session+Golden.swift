import ApusWire

extension Session {
    /// Runs the rows of a baseline. Belongs in a throwaway process.
    /// - Returns: a sentence for the first answer that is not the estimator's; nil when all are.
    package func firstDifference(from golden: [GoldenRow]) -> String? {
        for (index, row) in golden.enumerated() {
            if let fault = difference(from: row) {
                return "\(Baseline.fileName): golden row \(index + 1) of \(golden.count): \(fault)"
            }
        }
        return nil
    }

    private func difference(from row: GoldenRow) -> String? {
        var buffers: [TensorBuffer] = []
        var shapes: [Shape] = []
        for spec in inputs {
            guard let given = row.inputs.first(where: { $0.name == spec.name }) else {
                return "it has no input '\(spec.name)'"
            }
            guard let (buffer, shape) = given.value.tensor(spec) else {
                return "its input '\(spec.name)' is no tensor of \(spec.elementType.datatype) \(spec.shapeText)"
            }
            buffers.append(buffer)
            shapes.append(shape)
        }
        do throws(InferenceError) {
            return try run(ExampleInput(buffers, shapes: shapes)) { views in difference(views, row) }
        } catch {
            guard case .runFailed(_, let reason) = error else { return error.description }
            return "the model cannot run it (\(reason))"
        }
    }

    private func difference(_ views: UnsafeBufferPointer<TensorView>, _ row: GoldenRow) -> String? {
        for (name, wanted) in row.outputs {
            guard let index = outputs.firstIndex(where: { $0.name == name }) else {
                return "the model has no output '\(name)'"
            }
            if let fault = views[index].difference(from: wanted.leaves, tolerance: row.tolerance) {
                return "output '\(name)' \(fault)"
            }
        }
        return nil
    }
}

extension TensorView {
    /// - Parameter wanted: the values, row-major; null is NaN.
    fileprivate func difference(from wanted: [JSONValue], tolerance: Double) -> String? {
        let count = shape.elementCount ?? 0
        guard wanted.count == count else { return "has \(count) values where \(wanted.count) were expected" }
        var greatest = 0.0
        for (index, value) in wanted.enumerated() {
            guard elementType != .string else {
                guard case .string(let text) = value, string(index).elementsEqual(text.utf8) else {
                    return "has another text at element \(index + 1) than the estimator gave"
                }
                continue
            }
            let found = number(index) ?? .nan
            guard let number = value == .null ? Double.nan : FeatureValue(value)?.number else {
                return "is no number that could be '\(value.text)' at element \(index + 1)"
            }
            if found == number || (found.isNaN && number.isNaN) { continue }
            let difference = abs(found - number)
            guard difference.isFinite else { return "is not finite at element \(index + 1) where it should be, or is so alone" }
            greatest = max(greatest, difference)
        }
        return greatest > tolerance ? "differs by \(greatest.short); \(tolerance) is allowed" : nil
    }
}

extension JSONValue {
    /// Every value that is no list, in order.
    fileprivate var leaves: [JSONValue] {
        guard case .array(let elements) = self else { return [self] }
        return elements.flatMap(\.leaves)
    }

    /// A tensor of lists in lists.
    /// - Returns: nil when they are not as the model has it.
    fileprivate func tensor(_ spec: TensorSpec) -> (TensorBuffer, Shape)? {
        var sizes: [Int] = []
        var next: JSONValue? = self
        while case .array(let elements)? = next, sizes.count < Shape.rankLimit {
            sizes.append(elements.count)
            next = elements.first
        }
        let isShape = sizes.count == spec.shape.count && zip(sizes, spec.shape).allSatisfy { $1 == nil || $0 == $1 }
        let leaves = leaves
        let shape = Shape(sizes)
        guard isShape, shape.elementCount == leaves.count else { return nil }
        let buffer = TensorBuffer(spec.elementType)
        for leaf in leaves {
            let isTaken = FeatureValue(leaf).map(buffer.append) ?? (leaf == .null && buffer.appendMissing())
            guard isTaken else { return nil }
        }
        return (buffer, shape)
    }
}

extension Double {
    /// With three digits, for a sentence.
    fileprivate var short: String {
        guard self != 0, isFinite else { return "\(self)" }
        var scale = 1.0
        while magnitude * scale < 100, scale < 1e15 { scale *= 10 }
        return "\((self * scale).rounded() / scale)"
    }
}
