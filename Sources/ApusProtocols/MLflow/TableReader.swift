import ApusWire
import CSimdJSON

/// Puts the rows of a table into the model's inputs, one after the other.
///
/// Made for one request. Each value is looked at once; nothing is kept of a row but its place. What is wrong is noted
/// in the request, and the rest is read.
struct TableReader {
    let schema: ModelSchema
    let layout: TableLayout
    let inputs: [TensorBuffer]
    let request: InferenceRequest
    private(set) var rowCount = 0

    init(_ schema: ModelSchema, _ layout: TableLayout, inputs: [TensorBuffer], _ request: InferenceRequest) {
        self.schema = schema
        self.layout = layout
        self.inputs = inputs
        self.request = request
    }

    /// Appends a row of JSON values, one for each column of the table.
    /// - Parameter codec: reads the values that are whole rows of an input, and settles their shapes.
    mutating func append(_ values: [JSONValue], _ codec: PredictCodec) throws(InferenceError) {
        for slot in layout.slots {
            do throws(InferenceError) {
                guard let column = slot.column else {
                    try appendMissing(slot)
                    continue
                }
                if slot.isElement {
                    try codec.tensors.append(
                        leaf: values[column], slot.form, to: inputs[slot.input], input: slot.name)
                } else {
                    let buffer = inputs[slot.input]
                    try codec.append(values[column], slot.input, isFirst: rowCount == 0, to: buffer, request)
                }
            } catch {
                try request.problems.note(error.placed("row \(rowCount)"))
            }
        }
        try request.checkFilled(row: rowCount)
        rowCount += 1
    }

    /// Appends a row of texts: `fields` gives the column's.
    mutating func append(texts fields: [UnsafeRawBufferPointer]) throws(InferenceError) {
        for slot in layout.slots {
            do throws(InferenceError) {
                guard let column = slot.column else {
                    try appendMissing(slot)
                    continue
                }
                try append(fields[column], slot)
            } catch {
                try request.problems.note(error.placed("row \(rowCount)"))
            }
        }
        try request.checkFilled(row: rowCount)
        rowCount += 1
    }

    /// Counts a row of which nothing can be read.
    mutating func skip(_ problem: InferenceError) throws(InferenceError) {
        rowCount += 1
        try request.problems.note(problem)
    }

    /// Appends what stands for a value of a column that the table lacks.
    private func appendMissing(_ slot: TableLayout.Slot) throws(InferenceError) {
        guard let index = slot.feature else { preconditionFailure("the columns of a matrix are the table's") }
        let feature = schema.features[index]
        let buffer = inputs[slot.input]
        if request.fill(buffer, with: feature) { return }
        request.filling(buffer) { buffer.leaveUnread(at: buffer.count) }
        // That a column has to be there was noted when the table's columns were looked at.
        guard !feature.isRequired else { return }
        throw .unrepresentable(
            input: slot.name, found: "nothing", wanted: JSONTensorReader.wanted(buffer.elementType))
    }

    private func append(_ text: UnsafeRawBufferPointer, _ slot: TableLayout.Slot) throws(InferenceError) {
        let buffer = inputs[slot.input]
        let type = buffer.elementType
        if type == .string { return try append(string: text, slot) }
        let base = text.bindMemory(to: UInt8.self).baseAddress
        if slot.form.isBool, let truth = Self.bool(base, text.count), buffer.append(.bool(truth)) { return }
        let place = buffer.count
        let result = apus_text_fill_one(base, text.count, type.rawValue, buffer.extend(elements: 1))
        guard result.status == APUS_FILL_OK else {
            buffer.leaveUnread(at: place)
            let found = text.isEmpty ? "nothing" : JSONTensorReader.text(result.found, for: type)
            throw .unrepresentable(input: slot.name, found: found, wanted: JSONTensorReader.wanted(type))
        }
    }

    private func append(string text: UnsafeRawBufferPointer, _ slot: TableLayout.Slot) throws(InferenceError) {
        let buffer = inputs[slot.input]
        guard slot.form.isBase64 else { return buffer.append(string: text) }
        do throws(InferenceError) {
            try buffer.append(base64: text, input: slot.name)
        } catch {
            buffer.leaveUnread(at: buffer.count)
            throw error
        }
    }

    /// - Returns: nil when the text is none, and no 0 or 1.
    private static func bool(_ base: UnsafePointer<UInt8>?, _ count: Int) -> Bool? {
        var byte: UInt8 = 0
        let result = apus_text_fill_one(base, count, ElementType.bool.rawValue, &byte)
        return result.status == APUS_FILL_OK ? byte == 1 : nil
    }

    /// Notes the shapes of what was appended.
    /// - Parameter knowsWholes: those of inputs that are not known by columns have been settled row by row.
    /// - Throws: every problem of the request.
    func finish(_ codec: PredictCodec, knowsWholes: Bool) throws(InferenceError) {
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
