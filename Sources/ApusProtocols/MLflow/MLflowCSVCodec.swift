import ApusWire
import CSimdJSON

/// MLflow's scoring protocol with CSV: a header of column names, then rows (`DataFrame.to_csv(index=False)`).
///
/// The text is read once, from front to end, straight into the tensors: beside them it takes the memory of one row.
package final class MLflowCSVCodec: InferenceCodec {
    private let schema: ModelSchema
    private let records: PredictCodec
    private let writer: MLflowAnswer

    package init(schema: ModelSchema, nonfinite: NonfinitePolicy = .null) {
        self.schema = schema
        // It only counts rows here and reads no body.
        records = PredictCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: 0)
        writer = MLflowAnswer(schema, nonfinite)
    }

    package func decode(
        _ body: UnsafeRawBufferPointer, headerByteCount: Int?, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        request.begin(schema)
        guard records.hasRows, schema.inputs.allSatisfy({ $0.shape.count <= 2 || $0.isOneValue(from: 1) }) else {
            throw .malformed("model '\(schema.name)' does not take rows of single values; ask with JSON")
        }
        guard apus_text_is_utf8(body.bindMemory(to: UInt8.self).baseAddress, body.count) else {
            throw .malformed("Invalid input. Ensure that input is a valid UTF-8 encoded string.")
        }
        var csv = CSVReader(body, fieldLimit: TableLayout.columnLimit(schema))
        var fields: [UnsafeRawBufferPointer] = []
        guard try csv.next(&fields) else {
            throw .malformed("Invalid input. The CSV is empty; a header of column names and rows are expected")
        }
        let names = fields.map { String(decoding: $0, as: UTF8.self) }
        let layout = try TableLayout(schema, names: names, columnCount: names.count, &request.problems)
        if let slot = layout.slots.first(where: { !$0.isElement && !schema.inputs[$0.input].isOneValue(from: 1) }) {
            throw .malformed("'\(slot.name)' is a list in each row, which CSV cannot say; ask with JSON")
        }
        var reader = TableReader(schema, layout, inputs: inputs, request)
        while try csv.next(&fields) {
            guard fields.count == names.count else {
                try reader.skip(
                    .malformed(
                        "Invalid input. CSV record \(csv.number) has \(fields.count) fields, its header "
                            + "\(names.count)"))
                continue
            }
            try reader.append(texts: fields)
        }
        guard reader.rowCount > 0 else {
            throw .malformed("Invalid input. The CSV has a header and no rows; at least one is expected")
        }
        try reader.finish(records, knowsWholes: false)
    }

    package func encode(
        _ request: InferenceRequest, outputs: UnsafeBufferPointer<TensorView>, rows: Range<Int>?,
        into response: ResponseBuffer
    ) throws(InferenceError) {
        try writer.write(request, outputs: outputs, rows: rows, into: response)
    }

    package func shrink() {}
}
