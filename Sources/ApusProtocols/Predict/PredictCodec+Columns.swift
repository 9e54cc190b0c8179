import ApusWire

/// Records that name the columns of the model's only input: `{"age": 30, "fare": 7.5}` for a tensor `[-1,2]`.
extension PredictCodec {
    /// Whether a record of a model with columns is one of them: the first member that is known is no input. A record
    /// without such a member is what the common features are.
    func namesColumns(_ record: JSONValue, _ columns: ColumnNames, _ common: CommonFeatures?) -> Bool {
        for (key, _) in record.members {
            if names.index(of: key, hint: 0) != nil { return false }
            if columns.names.index(of: key, hint: 0) != nil { return true }
        }
        return common?.areColumns ?? true
    }

    /// Appends one row of the input, in the order of its columns.
    func decodeColumns(
        _ record: JSONValue, _ columns: ColumnNames, _ common: CommonFeatures?, number: Int, inputs: [TensorBuffer],
        request: InferenceRequest
    ) throws(InferenceError) {
        columns.forget()
        var position = 0
        for (key, value) in record.members {
            if let index = columns.names.index(of: key, hint: position) {
                if columns.values[index] != nil {
                    try note(.duplicateInput(name: columns.features[index].name), number, request)
                }
                columns.values[index] = value
            } else {
                try note(
                    .malformed(
                        "\(place(number, request)) has the unknown feature '\(shown(key))'; "
                            + "model '\(schema.name)' takes \(columns.list)"),
                    number, request)
            }
            position += 1
        }
        for index in columns.features.indices {
            do throws(InferenceError) {
                try append(
                    columns.values[index], common?.column(index), columns.features[index], to: inputs[0], number,
                    request)
            } catch {
                try note(error, number, request)
            }
        }
        try request.checkFilled(row: number)
        request.inputShapes[0] = Shape([1, columns.features.count])
    }

    /// Appends a column's own value, else the common one, else what the schema says; or leaves its place unread.
    private func append(
        _ own: JSONValue?, _ common: JSONValue?, _ feature: FeatureSpec, to buffer: TensorBuffer, _ number: Int,
        _ request: InferenceRequest
    ) throws(InferenceError) {
        let form = ValueForm(feature)
        if let own { return try tensors.append(leaf: own, form, to: buffer, input: feature.name) }
        if let common {
            return try request.filling(buffer) { () throws(InferenceError) in
                try tensors.append(leaf: common, form, to: buffer, input: feature.name)
            }
        }
        if request.fill(buffer, with: feature) { return }
        buffer.leaveUnread(at: buffer.count)
        throw .malformed("\(place(number, request)) lacks '\(feature.name)'; model '\(schema.name)' needs it")
    }

    /// Keeps a fault with its place, to be told with the others.
    func note(_ error: InferenceError, _ number: Int, _ request: InferenceRequest) throws(InferenceError) {
        try request.problems.note(request.form == .list ? error.placed("record \(number)") : error)
    }
}

/// The columns of a model's only input, and the values of one record by column.
final class ColumnNames {
    let features: [FeatureSpec]
    let names: NameTable
    var values: [JSONValue?]

    /// - Returns: nil for a model that is not known by columns.
    init?(_ schema: ModelSchema) {
        guard schema.inputs.count == 1, schema.hasColumns, schema.inputs[0].shape.count == 2 else { return nil }
        features = schema.columns(ofInput: 0)
        names = NameTable(features.map(\.name))
        values = Array(repeating: nil, count: features.count)
    }

    func forget() {
        for index in values.indices { values[index] = nil }
    }

    /// `'age', 'fare'`, for errors.
    var list: String {
        let shown = features.prefix(20).map { "'\($0.name)'" }.joined(separator: ", ")
        return features.count > 20 ? "\(shown) and \(features.count - 20) more" : shown
    }
}
