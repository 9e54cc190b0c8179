import ApusWire

/// What every record of a body has that does not say otherwise, as TensorFlow Serving's `context` gives it.
///
/// Made once for a body: however much its text holds, a record just looks into the places that it lacks.
struct CommonFeatures {
    /// They are columns of the model's only input, and no inputs.
    let areColumns: Bool
    /// By column or by input; nil where there is none.
    fileprivate var values: [JSONValue?]

    func input(_ index: Int) -> JSONValue? { areColumns ? nil : values[index] }

    func column(_ index: Int) -> JSONValue? { areColumns ? values[index] : nil }
}

extension PredictCodec {
    /// Reads an object of features that stand for what records lack. Notes those that the model does not have, or that
    /// are given twice.
    /// - Parameter name: the object's own, for errors.
    /// - Throws: `malformed` when it is no object; every problem of the request so far, when there are too many.
    func commonFeatures(
        _ object: JSONValue, of name: StaticString, _ request: InferenceRequest
    ) throws(InferenceError) -> CommonFeatures {
        guard object.kind == .object else {
            throw .malformed("'\(name)' is \(object.kindText); an object of features is expected")
        }
        let columns = columns.flatMap { namesColumns(object, $0, nil) ? $0 : nil }
        let names = columns?.names ?? names
        var common = CommonFeatures(
            areColumns: columns != nil,
            values: Array(repeating: nil, count: columns?.features.count ?? schema.inputs.count))
        var position = 0
        for (key, value) in object.members {
            if let index = names.index(of: key, hint: position) {
                if common.values[index] != nil {
                    try request.problems.note(
                        .malformed("'\(name)' has the feature '\(shown(key))' twice; once is expected"))
                }
                common.values[index] = value
            } else {
                try request.problems.note(
                    .malformed(
                        "'\(name)' has the unknown feature '\(shown(key))'; model '\(schema.name)' takes "
                            + (self.columns?.list ?? featureList)))
            }
            position += 1
        }
        return common
    }
}
