import ApusWire

/// TensorFlow Serving's `:predict`, by row (`instances`) and by column (`inputs`); KServe's V1 and Vertex AI have the
/// same rows (TensorFlow Serving, RESTful API, "Predict API"; json_tensor.cc).
///
/// A row is read by the rules of `/predict`, so it may be an object of inputs, or a value when the model has one.
/// What a body has beside its rows or columns is not looked at, as there.
package final class TensorFlowCodec: InferenceCodec {
    let schema: ModelSchema
    let parser: JSONParser
    let records: PredictCodec
    let whole: WholeTensors
    let writers: [ListWriter]
    /// `"output":` of each output.
    let outputKeys: [[UInt8]]

    /// - Parameter bodyByteLimit: the longest body that is ever decoded.
    package init(schema: ModelSchema, nonfinite: NonfinitePolicy = .token, bodyByteLimit: Int = 64 << 20) {
        self.schema = schema
        parser = JSONParser(byteLimit: bodyByteLimit)
        records = PredictCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: bodyByteLimit)
        records.tensors.takesBase64 = true
        whole = WholeTensors(
            schema: schema, tensors: records.tensors, names: records.names, forms: records.forms)
        writers = schema.outputs.map {
            ListWriter(
                name: $0.name, nonfinite: nonfinite,
                isBase64: $0.elementType == .string && $0.name.hasSuffix("_bytes"))
        }
        outputKeys = schema.outputs.map { Array("\(quoted($0.name)):".utf8) }
    }

    package func decode(
        _ body: UnsafeRawBufferPointer, headerByteCount: Int?, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.begin(schema)
        let fields = try TensorFlowFields(try parser.parse(body))
        switch (fields.instances, fields.inputs) {
        case (let instances?, nil): try decodeRows(instances, inputs: inputs, request: request)
        case (nil, let columns?): try decodeColumns(columns, inputs: inputs, request: request)
        case (nil, nil): throw .malformed("Missing 'inputs' or 'instances' key")
        case (_?, _?):
            throw .malformed("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist")
        }
    }

    package func shrink() {
        parser.shrink()
        records.shrink()
    }

    // MARK: Rows

    private func decodeRows(
        _ list: JSONValue, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard list.kind == .array else { throw .malformed("Excepting 'instances' to be an list/array") }
        var elements = list.elements
        guard let first = elements.next() else { throw .malformed("No values in 'instances' array") }
        if isRecord(first) {
            try records.decodeRecords(list, inputs: inputs, request: request)
            return try records.finish(request)
        }
        guard schema.inputs.count == 1 else {
            throw .malformed(
                "instances is a plain list, but expecting list of objects: model '\(schema.name)' takes "
                    + records.featureList)
        }
        request.form = .list
        request.recordCount = list.elementCount
        try whole.read(only: list, inputs: inputs, request)
    }

    /// An object that names inputs, and is not one binary value.
    private func isRecord(_ value: JSONValue) -> Bool {
        value.kind == .object && !(schema.inputs.count == 1 && JSONTensorReader.isBase64(value))
    }

    // MARK: Columns

    private func decodeColumns(
        _ columns: JSONValue, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.form = .object
        if isRecord(columns) { return try whole.read(members: columns, inputs: inputs, request) }
        guard schema.inputs.count == 1 else {
            throw .malformed(
                "inputs is a plain value/list, but expecting an object: model '\(schema.name)' takes "
                    + records.featureList)
        }
        try whole.read(only: columns, inputs: inputs, request)
    }

    // MARK: Answers

    package func encode(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        response.contentType = .json
        response.inferenceHeaderByteCount = nil
        if request.form == .list {
            try writeRows(outputs, rows, count: request.recordCount, into: response)
        } else {
            try writeColumns(outputs, rows, into: response)
        }
        response.append(UInt8(ascii: "}"))
    }

    /// One output's rows are bare, those of several are objects.
    private func writeRows(
        _ outputs: UnsafeBufferPointer<TensorView>, _ rows: Range<Int>?, count: Int, into response: ResponseBuffer
    ) throws(InferenceError) {
        for index in schema.outputs.indices {
            let shape = try schema.part(outputs, index, rows: rows).shape
            guard shape.rank > 0, shape[0] == count else {
                throw .malformed(
                    "output '\(schema.outputs[index].name)' has shape \(shape), not one row for each of the "
                        + "\(count) instances; ask by columns, with 'inputs'")
            }
        }
        response.append("{\"predictions\":[")
        for row in 0..<count {
            if row > 0 { response.append(UInt8(ascii: ",")) }
            if schema.outputs.count != 1 { response.append(UInt8(ascii: "{")) }
            for index in schema.outputs.indices {
                if index > 0 { response.append(UInt8(ascii: ",")) }
                if schema.outputs.count != 1 { response.append(outputKeys[index]) }
                try writers[index].write(try schema.part(outputs, index, rows: rows), row: row, into: response)
            }
            if schema.outputs.count != 1 { response.append(UInt8(ascii: "}")) }
        }
        response.append(UInt8(ascii: "]"))
    }

    private func writeColumns(
        _ outputs: UnsafeBufferPointer<TensorView>, _ rows: Range<Int>?, into response: ResponseBuffer
    ) throws(InferenceError) {
        response.append("{\"outputs\":")
        if schema.outputs.count != 1 { response.append(UInt8(ascii: "{")) }
        for index in schema.outputs.indices {
            if index > 0 { response.append(UInt8(ascii: ",")) }
            if schema.outputs.count != 1 { response.append(outputKeys[index]) }
            let part = try schema.part(outputs, index, rows: rows)
            try writers[index].write(part, from: 0, part.elements, into: response)
        }
        if schema.outputs.count != 1 { response.append(UInt8(ascii: "}")) }
    }
}
