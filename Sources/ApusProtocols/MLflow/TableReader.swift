import ApusWire
import CSimdJSON

/// Puts the rows of a table into the model's inputs, one after the other.
///
/// Made for one request. Each value is looked at once; nothing is kept of a row but its place.
struct TableReader {
    let schema: ModelSchema
    let layout: TableLayout
    let inputs: [TensorBuffer]
    private(set) var rowCount = 0

    init(_ schema: ModelSchema, _ layout: TableLayout, inputs: [TensorBuffer]) {
        self.schema = schema
        self.layout = layout
        self.inputs = inputs
    }

    /// Appends a row of JSON values, one for each column of the table.
    /// - Parameter codec: reads the values that are whole rows of an input, and settles their shapes.
    mutating func append(
        _ values: [JSONValue], _ codec: PredictCodec, _ request: InferenceRequest
    ) throws(InferenceError) {
        for slot in layout.slots {
            guard let column = slot.column else {
                try appendMissing(slot)
                continue
            }
            let value = values[column]
            do throws(InferenceError) {
                if slot.isElement {
                    try codec.tensors.append(leaf: value, to: inputs[slot.input], input: slot.name)
                } else {
                    try codec.append(value, slot.input, isFirst: rowCount == 0, to: inputs[slot.input], request)
                }
            } catch {
                throw error.placed("row \(rowCount)")
            }
        }
        rowCount += 1
    }

    /// Appends a row of texts: `fields` gives the column's.
    mutating func append(texts fields: [UnsafeRawBufferPointer]) throws(InferenceError) {
        for slot in layout.slots {
            guard let column = slot.column else {
                try appendMissing(slot)
                continue
            }
            try append(fields[column], slot)
        }
        rowCount += 1
    }

    private func appendMissing(_ slot: TableLayout.Slot) throws(InferenceError) {
        let result = slot.missingText.withUnsafeBytes { text in
            Result { () throws(InferenceError) in try append(text, slot) }
        }
        try result.get()
    }

    private func append(_ text: UnsafeRawBufferPointer, _ slot: TableLayout.Slot) throws(InferenceError) {
        let buffer = inputs[slot.input]
        let type = buffer.elementType
        if type == .string { return buffer.append(string: text) }
        let result = apus_text_fill_one(
            text.bindMemory(to: UInt8.self).baseAddress, text.count, type.rawValue, buffer.extend(elements: 1))
        guard result.status == APUS_FILL_OK else {
            let found = text.isEmpty ? "nothing" : JSONTensorReader.text(result.found, for: type)
            throw .unrepresentable(
                input: slot.name, found: "\(found) in row \(rowCount)", wanted: JSONTensorReader.wanted(type))
        }
    }

    /// Notes the shapes of what was appended.
    /// - Parameter knowsWholes: those of inputs that are not known by columns have been settled row by row.
    func finish(_ codec: PredictCodec, _ request: InferenceRequest, knowsWholes: Bool) throws(InferenceError) {
        request.form = .list
        request.recordCount = rowCount
        for index in schema.inputs.indices {
            request.seenInputs[index] = true
            let columnCount = layout.slots.count { $0.input == index && $0.isElement }
            if columnCount > 0 {
                request.inputShapes[index] = Shape([rowCount, columnCount])
            } else if !knowsWholes {
                request.inputShapes[index] = Shape([rowCount] + schema.inputs[index].shape.dropFirst().map { _ in 1 })
            }
        }
        try codec.finish(request)
    }
}
