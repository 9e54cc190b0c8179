import ApusWire

/// Writes parts of one output as lists in lists.
struct ListWriter {
    /// The output's name, for errors.
    let name: String
    let nonfinite: NonfinitePolicy
    /// Strings are written as `{"b64":"…"}`.
    var isBase64 = false

    /// Writes lists for the dimensions of `part` from `level` on, around those of its elements.
    /// - Throws: `malformed` when a number is not finite and the policy refuses that.
    func write(
        _ part: TensorRows, from level: Int, _ elements: Range<Int>, into response: ResponseBuffer
    ) throws(InferenceError) {
        guard level < part.shape.rank else { return try write(part, elements, into: response) }
        response.append(UInt8(ascii: "["))
        if level + 1 == part.shape.rank {
            try write(part, elements, into: response)
        } else {
            let count = part.shape[level]
            let each = count > 0 ? elements.count / count : 0
            for position in 0..<count {
                if position > 0 { response.append(UInt8(ascii: ",")) }
                let start = elements.lowerBound + position * each
                try write(part, from: level + 1, start..<start + each, into: response)
            }
        }
        response.append(UInt8(ascii: "]"))
    }

    /// Writes row `row` of `part`, which has a first dimension.
    func write(_ part: TensorRows, row: Int, into response: ResponseBuffer) throws(InferenceError) {
        let each = part.elements.count / part.shape[0]
        let start = part.elements.lowerBound + row * each
        try write(part, from: 1, start..<start + each, into: response)
    }

    /// Writes elements with commas between.
    func write(_ part: TensorRows, _ elements: Range<Int>, into response: ResponseBuffer) throws(InferenceError) {
        if isBase64 {
            for index in elements {
                response.append(index > elements.lowerBound ? ",{\"b64\":\"" : "{\"b64\":\"")
                Base64.append(part.view.string(index), to: response)
                response.append("\"}")
            }
        } else if !response.append(json: part.view, elements: elements, nonfinite: nonfinite) {
            throw .malformed(
                "output '\(name)' has a number that is not finite, and this server is set to refuse that")
        }
    }
}

extension ModelSchema {
    /// The rows of output `index` that belong to one request; nil for all of it.
    /// - Throws: `runFailed` when the tensor has no such rows.
    func part(
        _ outputs: UnsafeBufferPointer<TensorView>, _ index: Int, rows: Range<Int>?
    ) throws(InferenceError) -> TensorRows {
        guard let rows else { return TensorRows(outputs[index]) }
        guard let part = TensorRows(outputs[index], rows: rows) else {
            throw .runFailed(
                model: name,
                reason: "output '\(self.outputs[index].name)' has shape \(outputs[index].shape) "
                    + "where rows \(rows) are wanted")
        }
        return part
    }
}
