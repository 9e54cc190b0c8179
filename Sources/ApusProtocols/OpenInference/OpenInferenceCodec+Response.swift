import ApusWire

/// Answers.
extension OpenInferenceCodec {
    package func encode(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        let start = response.count
        response.append(head)
        if !request.id.isEmpty {
            response.append(",\"id\":")
            request.id.withUnsafeBytes { response.append(quoted: $0) }
        }
        response.append(",\"outputs\":[")
        var hasBinary = false
        var hasClasses = false
        defer {
            if hasClasses { for texts in classTexts { texts.shrink() } }
        }
        for position in request.outputs.indices {
            let output = request.outputs[position]
            if position > 0 { response.append(UInt8(ascii: ",")) }
            let part = try slice(outputs[output.index], output, rows: rows)
            if output.classCount > 0 {
                hasClasses = true
                try writeClasses(part, output, into: response)
            } else {
                response.append(outputHeads[output.index])
                try write(part, output, into: response)
            }
            hasBinary = hasBinary || output.isBinary
        }
        response.append("]}")
        response.contentType = hasBinary ? .octetStream : .json
        response.inferenceHeaderByteCount = hasBinary ? response.count - start : nil
        guard hasBinary else { return }
        for output in request.outputs where output.isBinary {
            if output.classCount > 0 {
                try classTexts[output.index].withView { response.append(binary: $0) }
            } else {
                response.append(binary: try slice(outputs[output.index], output, rows: rows))
            }
        }
    }

    private func slice(
        _ view: TensorView, _ output: OutputRequest, rows: Range<Int>?
    ) throws(InferenceError) -> TensorRows {
        guard view.elementType == schema.outputs[output.index].elementType else {
            throw .runFailed(
                model: schema.name,
                reason: "output '\(schema.outputs[output.index].name)' is \(view.elementType.datatype)")
        }
        guard let rows else { return TensorRows(view) }
        guard let part = TensorRows(view, rows: rows) else {
            throw .runFailed(
                model: schema.name,
                reason: "output '\(schema.outputs[output.index].name)' has shape \(view.shape) "
                    + "where rows \(rows) are wanted")
        }
        return part
    }

    /// The rest of an output behind `"shape":[`.
    private func write(
        _ part: TensorRows, _ output: OutputRequest, into response: ResponseBuffer
    ) throws(InferenceError) {
        for index in 0..<part.shape.rank {
            if index > 0 { response.append(UInt8(ascii: ",")) }
            response.append(decimal: part.shape[index])
        }
        if output.isBinary {
            response.append("],\"parameters\":{\"binary_data_size\":")
            response.append(decimal: part.binaryByteCount)
            response.append("}}")
            return
        }
        response.append("],\"data\":[")
        guard response.append(json: part.view, elements: part.elements, nonfinite: nonfinite) else {
            throw .malformed(
                "output '\(schema.outputs[output.index].name)' has a number that is not finite, and this server "
                    + "is set to refuse that")
        }
        response.append("]}")
    }

    private func writeClasses(
        _ part: TensorRows, _ output: OutputRequest, into response: ResponseBuffer
    ) throws(InferenceError) {
        let texts = classTexts[output.index]
        texts.collect(
            part, count: output.classCount, hasRows: schema.isBatchable,
            labels: schema.outputs[output.index].labels)
        response.append(classOutputHeads[output.index])
        try texts.withView { (part) throws(InferenceError) in try write(part, output, into: response) }
    }
}
