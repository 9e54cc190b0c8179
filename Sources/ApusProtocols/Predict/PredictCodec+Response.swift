import ApusWire

/// Answers.
extension PredictCodec {
    package func encode(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        response.contentType = .json
        response.inferenceHeaderByteCount = nil
        for index in schema.outputs.indices { _ = try slice(outputs, index, rows) }
        guard hasRows, try areRows(outputs, rows, request.recordCount) else {
            return try writeWhole(outputs, rows, into: response)
        }
        let isList = request.form == .list
        if isList { response.append(UInt8(ascii: "[")) }
        for record in 0..<request.recordCount {
            if record > 0 { response.append(UInt8(ascii: ",")) }
            try writeRecord(outputs, rows, record, of: request.recordCount, into: response)
        }
        if isList { response.append(UInt8(ascii: "]")) }
    }

    private func slice(
        _ outputs: UnsafeBufferPointer<TensorView>, _ index: Int, _ rows: Range<Int>?
    ) throws(InferenceError) -> TensorRows {
        guard let rows else { return TensorRows(outputs[index]) }
        guard let part = TensorRows(outputs[index], rows: rows) else {
            throw .runFailed(
                model: schema.name,
                reason: "output '\(schema.outputs[index].name)' has shape \(outputs[index].shape) "
                    + "where rows \(rows) are wanted")
        }
        return part
    }

    /// Whether every output has one row for each record.
    private func areRows(
        _ outputs: UnsafeBufferPointer<TensorView>, _ rows: Range<Int>?, _ count: Int
    ) throws(InferenceError) -> Bool {
        for index in schema.outputs.indices {
            let shape = try slice(outputs, index, rows).shape
            if shape.rank == 0 || shape[0] != count { return false }
        }
        return true
    }

    private func writeRecord(
        _ outputs: UnsafeBufferPointer<TensorView>, _ rows: Range<Int>?, _ record: Int, of count: Int,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        response.append(UInt8(ascii: "{"))
        for index in schema.outputs.indices {
            if index > 0 { response.append(UInt8(ascii: ",")) }
            response.append(outputKeys[index])
            let part = try slice(outputs, index, rows)
            let perRow = part.elements.count / count
            let start = part.elements.lowerBound + record * perRow
            try writeValue(part.view, part.shape, start..<start + perRow, index, into: response)
        }
        response.append(UInt8(ascii: "}"))
    }

    /// One row of an output: a value, `{label: probability}`, or lists.
    private func writeValue(
        _ view: TensorView, _ shape: Shape, _ elements: Range<Int>, _ index: Int, into response: ResponseBuffer
    ) throws(InferenceError) {
        let keys = labelKeys[index]
        if shape.rank == 2, !keys.isEmpty, keys.count == elements.count {
            response.append(UInt8(ascii: "{"))
            for (position, element) in elements.enumerated() {
                if position > 0 { response.append(UInt8(ascii: ",")) }
                response.append(keys[position])
                try writeElements(view, element..<element + 1, index, into: response)
            }
            response.append(UInt8(ascii: "}"))
        } else if shape.rank == 1 || (shape.rank == 2 && shape[1] == 1) {
            try writeElements(view, elements, index, into: response)
        } else {
            try writeLists(view, shape, level: 1, elements, index, into: response)
        }
    }

    private func writeWhole(
        _ outputs: UnsafeBufferPointer<TensorView>, _ rows: Range<Int>?, into response: ResponseBuffer
    ) throws(InferenceError) {
        response.append(UInt8(ascii: "{"))
        for index in schema.outputs.indices {
            if index > 0 { response.append(UInt8(ascii: ",")) }
            response.append(outputKeys[index])
            let part = try slice(outputs, index, rows)
            try writeLists(part.view, part.shape, level: 0, part.elements, index, into: response)
        }
        response.append(UInt8(ascii: "}"))
    }

    /// Lists in lists for the dimensions from `level` on.
    private func writeLists(
        _ view: TensorView, _ shape: Shape, level: Int, _ elements: Range<Int>, _ index: Int,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        guard level < shape.rank else { return try writeElements(view, elements, index, into: response) }
        response.append(UInt8(ascii: "["))
        if level + 1 == shape.rank {
            try writeElements(view, elements, index, into: response)
        } else {
            let count = shape[level]
            let each = count > 0 ? elements.count / count : 0
            for position in 0..<count {
                if position > 0 { response.append(UInt8(ascii: ",")) }
                let start = elements.lowerBound + position * each
                try writeLists(view, shape, level: level + 1, start..<start + each, index, into: response)
            }
        }
        response.append(UInt8(ascii: "]"))
    }

    private func writeElements(
        _ view: TensorView, _ elements: Range<Int>, _ index: Int, into response: ResponseBuffer
    ) throws(InferenceError) {
        guard response.append(json: view, elements: elements, nonfinite: nonfinite) else {
            throw .malformed(
                "output '\(schema.outputs[index].name)' has a number that is not finite, and this server is set "
                    + "to refuse that")
        }
    }
}
