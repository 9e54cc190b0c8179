import ApusWire

extension InferenceError {
    /// The same with the place of the fault, as in "in row 3", where the sentence has room for it.
    func placed(_ place: String) -> InferenceError { found("in \(place)") }

    /// The same, as in "at element 3".
    func at(_ place: String) -> InferenceError { found("at \(place)") }

    private func found(_ place: String) -> InferenceError {
        switch self {
        case .unrepresentable(let input, let found, let wanted):
            .unrepresentable(input: input, found: "\(found) \(place)", wanted: wanted)
        case .shapeMismatch(let input, let model, let found, let wanted):
            .shapeMismatch(input: input, model: model, found: "\(found) \(place)", wanted: wanted)
        case .several(let errors, let count):
            .several(errors.map { $0.found(place) }, count: count)
        default: self
        }
    }
}
