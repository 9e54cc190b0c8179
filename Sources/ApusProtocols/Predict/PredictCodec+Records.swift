import ApusWire

/// Bodies of objects, and of rows.
extension PredictCodec {
    func decodeRecords(
        _ list: JSONValue, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.form = .list
        try checkRows(list, "object")
        var number = 0
        for record in list.elements {
            try decodeRecord(record, number: number, inputs: inputs, request: request)
            number += 1
        }
        request.recordCount = number
    }

    /// `{"data":[[…],…]}`.
    func decodeRows(
        _ list: JSONValue, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.form = .list
        guard list.kind == .array else {
            throw .malformed("'data' is \(list.kindText); a list of rows is expected")
        }
        try checkRows(list, "row")
        var number = 0
        for row in list.elements {
            do throws(InferenceError) {
                try decodeRow(row, number: number, inputs: inputs, request: request)
            } catch {
                try request.problems.note(error.placed("row \(number)"))
            }
            number += 1
        }
        request.recordCount = number
    }

    /// One object of features. Record 0 settles the shapes; the others have to agree.
    /// - Parameter common: what stands for the features that the record itself lacks.
    func decodeRecord(
        _ record: JSONValue, number: Int, common: CommonFeatures? = nil, inputs: [TensorBuffer],
        request: InferenceRequest
    ) throws(InferenceError) {
        guard record.kind == .object else {
            return try request.problems.note(
                .malformed("record \(number) is \(record.kindText); an object of features is expected"))
        }
        if let columns, namesColumns(record, columns, common) {
            return try decodeColumns(record, columns, common, number: number, inputs: inputs, request: request)
        }
        request.forgetSeenInputs()
        try decodeMembers(record, number: number, inputs: inputs, request: request)
        if let common { try fill(from: common, number, inputs: inputs, request: request) }
        try fillMissing(number, inputs: inputs, request: request)
    }

    private func decodeMembers(
        _ record: JSONValue, number: Int, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        var position = 0
        for (key, value) in record.members {
            let index = names.index(of: key, hint: position)
            position += 1
            if index == nil, ignoresUnknownFeatures { continue }
            do throws(InferenceError) {
                try decodeMember(key, value, index, number: number, inputs: inputs, request: request)
            } catch {
                try note(error, number, request)
            }
        }
    }

    private func decodeMember(
        _ key: UnsafeRawBufferPointer, _ value: JSONValue, _ index: Int?, number: Int, inputs: [TensorBuffer],
        request: InferenceRequest
    ) throws(InferenceError) {
        guard let index else {
            throw .malformed(
                "\(place(number, request)) has the unknown feature '\(shown(key))'; "
                    + "model '\(schema.name)' takes \(columns?.list ?? featureList)")
        }
        guard !request.seenInputs[index] else { throw .duplicateInput(name: schema.inputs[index].name) }
        request.seenInputs[index] = true
        try append(value, index, isFirst: number == 0, to: inputs[index], request)
    }

    /// What the record does not have and the common features do.
    private func fill(
        from common: CommonFeatures, _ number: Int, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        for index in schema.inputs.indices where !request.seenInputs[index] {
            guard let value = common.input(index) else { continue }
            request.seenInputs[index] = true
            do throws(InferenceError) {
                try request.filling(inputs[index]) { () throws(InferenceError) in
                    try append(value, index, isFirst: number == 0, to: inputs[index], request)
                }
            } catch {
                try note(error, number, request)
            }
        }
        try request.checkFilled(row: number)
    }

    /// What nobody has: defaults where there are some.
    private func fillMissing(
        _ number: Int, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard request.seenInputs.contains(false) else { return }
        for index in schema.inputs.indices where !request.seenInputs[index] {
            guard let feature = wholeFeatures[index], hasRows, schema.inputs[index].isOneValue(from: 1),
                request.fill(inputs[index], with: feature)
            else { continue }
            request.seenInputs[index] = true
            request.inputShapes[index] = Shape(schema.inputs[index].shape.map { _ in 1 })
        }
        try request.checkFilled(row: number)
        guard request.seenInputs.contains(false) else { return }
        try request.problems.note(missing(number, request))
        for index in schema.inputs.indices where !request.seenInputs[index] && schema.inputs[index].isOneValue(from: 1) {
            inputs[index].leaveUnread(at: inputs[index].count)
        }
    }

    private func decodeRow(
        _ row: JSONValue, number: Int, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard row.kind == .array else {
            throw .malformed("row \(number) of 'data' is \(row.kindText); a list of values is expected")
        }
        // The row of a model with one input is that input's own, unless a row is one value.
        if schema.inputs.count == 1, schema.inputs[0].shape.count > 1 {
            return try append(row, 0, isFirst: number == 0, to: inputs[0], request)
        }
        guard row.elementCount == schema.inputs.count else {
            throw .malformed(
                "row \(number) of 'data' has \(row.elementCount) values; \(schema.inputs.count) are expected: "
                    + featureList)
        }
        var index = 0
        for value in row.elements {
            do throws(InferenceError) {
                try append(value, index, isFirst: number == 0, to: inputs[index], request)
            } catch {
                try request.problems.note(error.placed("row \(number)"))
            }
            index += 1
        }
    }

    private func checkRows(_ list: JSONValue, _ what: String) throws(InferenceError) {
        guard hasRows else {
            throw .malformed(
                "model '\(schema.name)' has inputs without common rows; one object of whole tensors is expected")
        }
        guard list.elementCount > 0 else {
            throw .malformed("the list is empty; at least one \(what) is expected")
        }
    }

    func place(_ number: Int, _ request: InferenceRequest) -> String {
        request.form == .list ? "record \(number)" : "the object"
    }

    private func missing(_ number: Int, _ request: InferenceRequest) -> InferenceError {
        let lacking = schema.inputs.indices.filter { !request.seenInputs[$0] }.map { schema.inputs[$0].name }
        let shown = lacking.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
        let more = lacking.count > 20 ? " and \(lacking.count - 20) more" : ""
        return .malformed(
            "\(place(number, request)) lacks \(shown)\(more); model '\(schema.name)' takes \(featureList)")
    }
}
