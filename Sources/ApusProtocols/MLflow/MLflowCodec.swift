import ApusWire

/// MLflow's scoring protocol with JSON: one of `dataframe_split`, `dataframe_records`, `instances` and `inputs`, and
/// maybe `params` (mlflow, pyfunc/scoring_server; the answers are those of its ONNX flavor).
///
/// Tables are answered by a list of records, the other two by an object of lists.
package final class MLflowCodec: InferenceCodec {
    let schema: ModelSchema
    let parser: JSONParser
    let records: PredictCodec
    let whole: WholeTensors
    let writer: MLflowAnswer

    /// - Parameter bodyByteLimit: the longest body that is ever decoded.
    package init(schema: ModelSchema, nonfinite: NonfinitePolicy = .null, bodyByteLimit: Int = 64 << 20) {
        self.schema = schema
        parser = JSONParser(byteLimit: bodyByteLimit)
        records = PredictCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: bodyByteLimit)
        records.ignoresUnknownFeatures = true
        whole = WholeTensors(
            schema: schema, tensors: records.tensors, names: records.names, forms: records.forms)
        writer = MLflowAnswer(schema, nonfinite)
    }

    package func decode(
        _ body: UnsafeRawBufferPointer, headerByteCount: Int?, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.begin(schema)
        let fields = try MLflowFields(try parser.parse(body), schema, &request.problems)
        switch fields.form {
        case .split: try decodeSplit(fields.data, inputs: inputs, request: request)
        case .records: try decodeTableRecords(fields.data, inputs: inputs, request: request)
        case .instances: try decodeInstances(fields.data, inputs: inputs, request: request)
        case .inputs: try decodeInputs(fields.data, inputs: inputs, request: request)
        }
    }

    package func encode(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        try writer.write(request, outputs: outputs, rows: rows, into: response)
    }

    package func shrink() {
        parser.shrink()
        records.shrink()
    }

    // MARK: TensorFlow Serving's forms

    private func decodeInstances(
        _ list: JSONValue, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard list.kind == .array, let first = list.elements.first(where: { _ in true }) else {
            throw .malformed("Invalid input. 'instances' is \(list.kindText); a list of rows is expected")
        }
        if first.kind == .object {
            try records.decodeRecords(list, inputs: inputs, request: request)
            try records.finish(request)
            request.form = .object
        } else {
            try decodeInputs(list, inputs: inputs, request: request)
        }
    }

    private func decodeInputs(
        _ value: JSONValue, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.form = .object
        if value.kind == .object { return try whole.read(members: value, inputs: inputs, request) }
        guard schema.inputs.count == 1 else {
            throw .malformed(
                "Invalid input. A list is only for models with one input; model '\(schema.name)' takes "
                    + records.featureList)
        }
        try whole.read(only: value, inputs: inputs, request)
    }
}
