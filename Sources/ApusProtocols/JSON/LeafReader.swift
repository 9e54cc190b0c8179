import ApusWire

/// Reads an array leaf by leaf into a tensor buffer: slower than at once, for arrays in which strings may be base64, and
/// to find every leaf that does not fit after reading at once stopped at the first, be it one that its feature takes.
///
/// A leaf that does not fit is left unread in the buffer.
struct LeafReader {
    private let tensors: JSONTensorReader
    private let buffer: TensorBuffer
    private let input: String
    private let shape: Shape
    private let forms: TensorForms?
    private let first: Int
    private var problems = ProblemList()

    /// - Parameters:
    ///   - shape: what the array is nested as, if it is not flat.
    ///   - forms: how the elements are written; nil for as their type has it.
    init(
        _ tensors: JSONTensorReader, _ buffer: TensorBuffer, shape: Shape, _ forms: TensorForms?, input: String
    ) {
        self.tensors = tensors
        self.buffer = buffer
        self.shape = shape
        self.forms = forms
        self.input = input
        first = buffer.count
    }

    /// - Throws: `unrepresentable` for each leaf that does not fit, `malformed` for another nesting, `sizeMismatch`.
    mutating func read(_ value: JSONValue) throws(InferenceError) {
        var elements = value.elements
        let isNested = shape.rank > 1 && elements.next()?.kind == .array
        do throws(InferenceError) {
            if isNested {
                try read(value, level: 0)
            } else {
                for leaf in value.elements { try read(leaf: leaf) }
                try checkCount()
            }
        } catch {
            try problems.note(error)
        }
        try problems.finish()
    }

    private mutating func read(_ list: JSONValue, level: Int) throws(InferenceError) {
        guard list.kind == .array, list.elementCount == shape[level] else {
            throw JSONTensorReader.nesting(shape, level: level, input)
        }
        for element in list.elements {
            if level + 1 < shape.rank {
                try read(element, level: level + 1)
            } else {
                try read(leaf: element)
            }
        }
    }

    private mutating func read(leaf: JSONValue) throws(InferenceError) {
        let place = buffer.count
        do throws(InferenceError) {
            let form = forms?.form(ofElement: place - first) ?? ValueForm()
            try tensors.append(leaf: leaf, form, to: buffer, input: input)
        } catch {
            try problems.note(error.at("element \(place - first)"))
        }
    }

    private func checkCount() throws(InferenceError) {
        guard let wanted = shape.elementCount, buffer.count - first != wanted else { return }
        throw .sizeMismatch(input: input, found: buffer.count - first, wanted: wanted, unit: "elements")
    }
}
