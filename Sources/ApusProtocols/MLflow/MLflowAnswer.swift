import ApusWire

/// Writes answers as MLflow's ONNX flavor forms them.
///
/// A table is answered by records. Each output is laid flat there, as MLflow does (`reshape(-1)`); where outputs then
/// differ in length MLflow fails, and this gives one record for each row, with a list where an output has several
/// numbers. Other forms are answered by an object of whole outputs.
struct MLflowAnswer {
    private let schema: ModelSchema
    private let writers: [ListWriter]
    /// `"output":` of each output.
    private let outputKeys: [[UInt8]]
    /// `"label":` of each class of each output; none for an output without labels.
    private let labelKeys: [[[UInt8]]]

    init(_ schema: ModelSchema, _ nonfinite: NonfinitePolicy) {
        self.schema = schema
        writers = schema.outputs.map { ListWriter(name: $0.name, nonfinite: nonfinite) }
        outputKeys = schema.outputs.map { Array("\(quoted($0.name)):".utf8) }
        labelKeys = schema.outputs.map { output in
            guard let labels = output.labels else { return [] }
            return (0..<labels.count).map { Array("\(quoted(labels.text($0))):".utf8) }
        }
    }

    func write(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        response.contentType = .json
        response.inferenceHeaderByteCount = nil
        response.append("{\"predictions\":")
        if request.form == .list {
            try writeRecords(outputs, rows, rowCount: request.recordCount, into: response)
        } else {
            try writeObject(outputs, rows, into: response)
        }
        response.append(UInt8(ascii: "}"))
    }

    // MARK: Records

    private func writeRecords(
        _ outputs: UnsafeBufferPointer<TensorView>, _ rows: Range<Int>?, rowCount: Int, into response: ResponseBuffer
    ) throws(InferenceError) {
        let count = try recordCount(outputs, rows, rowCount)
        response.append(UInt8(ascii: "["))
        for record in 0..<count {
            if record > 0 { response.append(UInt8(ascii: ",")) }
            response.append(UInt8(ascii: "{"))
            for index in schema.outputs.indices {
                if index > 0 { response.append(UInt8(ascii: ",")) }
                response.append(outputKeys[index])
                try writeValue(try schema.part(outputs, index, rows: rows), record, of: count, index, into: response)
            }
            response.append(UInt8(ascii: "}"))
        }
        response.append(UInt8(ascii: "]"))
    }

    /// The flat length of all outputs, or the number of rows where they differ.
    private func recordCount(
        _ outputs: UnsafeBufferPointer<TensorView>, _ rows: Range<Int>?, _ rowCount: Int
    ) throws(InferenceError) -> Int {
        var lengths: Set<Int> = []
        for index in schema.outputs.indices {
            let part = try schema.part(outputs, index, rows: rows)
            lengths.insert(hasLabels(part, index) ? part.shape[0] : part.elements.count)
        }
        if lengths.count == 1, let length = lengths.first { return length }
        for index in schema.outputs.indices {
            let shape = try schema.part(outputs, index, rows: rows).shape
            guard shape.rank > 0, shape[0] == rowCount else {
                throw .malformed(
                    "output '\(schema.outputs[index].name)' has shape \(shape), not one row for each of the "
                        + "\(rowCount) of the table; ask with 'inputs'")
            }
        }
        return rowCount
    }

    private func writeValue(
        _ part: TensorRows, _ record: Int, of count: Int, _ index: Int, into response: ResponseBuffer
    ) throws(InferenceError) {
        let each = part.elements.count / count
        let start = part.elements.lowerBound + record * each
        if hasLabels(part, index) {
            try writeMap(part, start..<start + each, index, into: response)
        } else if each == 1 {
            try writers[index].write(part, start..<start + 1, into: response)
        } else {
            try writers[index].write(part, from: 1, start..<start + each, into: response)
        }
    }

    // MARK: Objects

    private func writeObject(
        _ outputs: UnsafeBufferPointer<TensorView>, _ rows: Range<Int>?, into response: ResponseBuffer
    ) throws(InferenceError) {
        response.append(UInt8(ascii: "{"))
        for index in schema.outputs.indices {
            if index > 0 { response.append(UInt8(ascii: ",")) }
            response.append(outputKeys[index])
            let part = try schema.part(outputs, index, rows: rows)
            if hasLabels(part, index) {
                try writeMaps(part, index, into: response)
            } else {
                try writers[index].write(part, from: 0, part.elements, into: response)
            }
        }
        response.append(UInt8(ascii: "}"))
    }

    // MARK: Labelled scores

    /// What scikit-learn's ZipMap makes of a row: an object of scores by label.
    private func hasLabels(_ part: TensorRows, _ index: Int) -> Bool {
        !labelKeys[index].isEmpty && part.shape.rank == 2 && part.shape[1] == labelKeys[index].count
    }

    private func writeMaps(_ part: TensorRows, _ index: Int, into response: ResponseBuffer) throws(InferenceError) {
        let each = labelKeys[index].count
        response.append(UInt8(ascii: "["))
        for row in 0..<part.shape[0] {
            if row > 0 { response.append(UInt8(ascii: ",")) }
            let start = part.elements.lowerBound + row * each
            try writeMap(part, start..<start + each, index, into: response)
        }
        response.append(UInt8(ascii: "]"))
    }

    private func writeMap(
        _ part: TensorRows, _ elements: Range<Int>, _ index: Int, into response: ResponseBuffer
    ) throws(InferenceError) {
        response.append(UInt8(ascii: "{"))
        for (position, element) in elements.enumerated() {
            if position > 0 { response.append(UInt8(ascii: ",")) }
            response.append(labelKeys[index][position])
            try writers[index].write(part, element..<element + 1, into: response)
        }
        response.append(UInt8(ascii: "}"))
    }
}
