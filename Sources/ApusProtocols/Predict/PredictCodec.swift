import ApusWire

/// Apus's own friendly form: objects of features in, objects of outputs out.
///
/// A body is one object `{input: value}`, a list of such objects, or `{"data":[[…],…]}` with one list of values for
/// each row, in the order of the model's inputs (of the columns, when the model has one input). An object or a
/// row is one row of the model's tensors. The answer to one object is one object, to the others a list.
///
/// A model whose inputs do not share their first dimension has no rows: it takes one object of whole tensors, and
/// answers with one. A model that has rows and is not batchable takes the whole body in one run.
package final class PredictCodec: InferenceCodec {
    let schema: ModelSchema
    let nonfinite: NonfinitePolicy
    let names: NameTable
    let parser: JSONParser
    let tensors = JSONTensorReader()
    /// The columns of the model's only input, where they have names.
    let columns: ColumnNames?
    /// How the values of each input are written.
    let forms: [InputForms]
    /// For each input the feature that is the whole of it, where there is one.
    let wholeFeatures: [FeatureSpec?]
    /// Whether dimension 0 of every input is the rows.
    let hasRows: Bool
    /// The rows that every request must have, when the model's dimension 0 is fixed.
    let wantedRowCount: Int?
    /// `"data"` names the rows unless an input is called so.
    let isDataAnInput: Bool
    /// Features that the model does not have are passed over, as pandas' users expect, instead of refused.
    var ignoresUnknownFeatures = false
    /// `"output":` of each output.
    let outputKeys: [[UInt8]]
    /// `"label":` of each class of each output; none for an output without labels.
    let labelKeys: [[[UInt8]]]

    /// - Parameter bodyByteLimit: the longest body that is ever decoded.
    package init(schema: ModelSchema, nonfinite: NonfinitePolicy = .null, bodyByteLimit: Int = 64 << 20) {
        self.schema = schema
        self.nonfinite = nonfinite
        names = NameTable(schema.inputs.map(\.name))
        columns = ColumnNames(schema)
        forms = schema.inputs.indices.map { InputForms(schema, input: $0) }
        wholeFeatures = schema.inputs.indices.map { schema.wholeFeature(ofInput: $0) }
        parser = JSONParser(byteLimit: bodyByteLimit)
        hasRows = schema.hasRows
        wantedRowCount = schema.fixedRowCount
        isDataAnInput = schema.inputs.contains { $0.name == "data" }
        outputKeys = schema.outputs.map { Array("\(quoted($0.name)):".utf8) }
        labelKeys = schema.outputs.map { output in
            guard let labels = output.labels else { return [] }
            return (0..<labels.count).map { Array("\(quoted(labels.text($0))):".utf8) }
        }
    }

    package func decode(
        _ body: UnsafeRawBufferPointer, headerByteCount: Int?, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.begin(schema)
        let root = try parser.parse(body)
        switch root.kind {
        case .object:
            if let rows = dataRows(root) {
                try decodeRows(rows, inputs: inputs, request: request)
            } else {
                try decodeRecord(root, number: 0, inputs: inputs, request: request)
            }
        case .array: try decodeRecords(root, inputs: inputs, request: request)
        default:
            throw .malformed(
                "the body is \(root.kindText); an object of features, a list of such objects or "
                    + "{\"data\":[[…],…]} is expected")
        }
        try finish(request)
    }

    package func shrink() {
        parser.shrink()
        tensors.shrink()
    }

    /// Counts the rows that were read, and wants every output.
    /// - Throws: what was wrong with the request; `malformed` for another number of rows than the model's fixed one.
    func finish(_ request: InferenceRequest) throws(InferenceError) {
        if schema.isBatchable { request.rowCount = request.recordCount }
        if hasRows {
            // Of an input that could not be read nothing is known.
            for index in schema.inputs.indices where request.inputShapes[index].rank > 0 {
                request.inputShapes[index][0] = request.recordCount
            }
        }
        for index in schema.outputs.indices { request.want(OutputRequest(index: index)) }
        if let wantedRowCount, request.recordCount != wantedRowCount {
            try request.problems.note(
                .malformed(
                    "the request has \(request.recordCount) rows; model '\(schema.name)' takes \(wantedRowCount)"))
        }
        try request.problems.finish()
    }

    /// The value of `data`, when the object has only that.
    private func dataRows(_ root: JSONValue) -> JSONValue? {
        guard !isDataAnInput else { return nil }
        var members = root.members
        guard let first = members.next(), "data" ~= first.key, members.next() == nil else { return nil }
        return first.value
    }

    /// `'age', 'fare'`: what the model takes, for errors.
    var featureList: String {
        let shown = schema.inputs.prefix(20).map { "'\($0.name)'" }.joined(separator: ", ")
        return schema.inputs.count > 20 ? "\(shown) and \(schema.inputs.count - 20) more" : shown
    }
}
