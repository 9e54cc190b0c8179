import ApusWire

/// Where the columns of a table go, a pandas DataFrame or CSV: which value of a row each of them is.
///
/// A model that knows its columns by name gets them by name, in whatever order they come; what it does not know is
/// passed over, as MLflow does. A model of one matrix without names gets them in their order, whatever they are
/// called, as MLflow's ONNX flavor has it (`DataFrame.values`).
struct TableLayout {
    /// One value of a row. They are appended in this order, which is the model's.
    struct Slot {
        let name: String
        let input: Int
        /// One element of the input's row; else the whole row of the input.
        let isElement: Bool
        /// The table's column; nil for one that the table lacks.
        let column: Int?
        let form: ValueForm
        /// The feature that it is, by its place in the schema; nil for a column of a matrix without names, which the
        /// table has.
        let feature: Int?
    }

    /// The columns that a table may have beside the model's: they are passed over, but each has to be held while the
    /// table is read. As many may a model have that leaves the number open.
    static let spareColumnCount = 65_536

    let slots: [Slot]
    let columnCount: Int

    /// The most columns of a table for that model.
    static func columnLimit(_ schema: ModelSchema) -> Int {
        let width = schema.inputs.count == 1 ? schema.inputs[0].shape.last ?? nil : nil
        return max(schema.features.count, width ?? 0) + spareColumnCount
    }

    /// - Throws: `malformed` when a table has more columns than it may.
    static func check(columnCount: Int, _ schema: ModelSchema) throws(InferenceError) {
        let limit = columnLimit(schema)
        guard columnCount <= limit else {
            throw .malformed(
                "Invalid input. The table has \(columnCount) columns; at most \(limit) are expected for model "
                    + "'\(schema.name)'")
        }
    }

    /// - Parameters:
    ///   - names: of the table's columns; nil when they have none.
    ///   - columnCount: how many there are.
    ///   - problems: are told of columns that are missing or given twice.
    /// - Throws: `malformed` when columns without names are not as many as the model's, or there are too many.
    init(
        _ schema: ModelSchema, names: [String]?, columnCount: Int, _ problems: inout ProblemList
    ) throws(InferenceError) {
        try Self.check(columnCount: columnCount, schema)
        self.columnCount = columnCount
        if let matrix = Self.matrix(schema, names) {
            let wanted = matrix.shape[1] ?? columnCount
            guard columnCount == wanted, columnCount > 0 else {
                throw .malformed(
                    "the table has \(columnCount) columns; model '\(schema.name)' takes \(matrix.shape[1] ?? 1)")
            }
            slots = (0..<columnCount).map {
                Slot(
                    name: matrix.name, input: 0, isElement: true, column: $0, form: ValueForm(), feature: nil)
            }
            return
        }
        let places = try Self.places(schema, names, columnCount, &problems)
        let missing = schema.features.indices.filter { places[$0] == nil && schema.features[$0].isRequired }
        if !missing.isEmpty {
            let shown = missing.prefix(20).map { "'\(schema.features[$0].name)'" }.joined(separator: ", ")
            let more = missing.count > 20 ? " and \(missing.count - 20) more" : ""
            try problems.note(.malformed("Model is missing inputs [\(shown)\(more)]"))
        }
        slots = schema.features.indices.map { index in
            let feature = schema.features[index]
            return Slot(
                name: feature.name, input: feature.input, isElement: feature.column != nil, column: places[index],
                form: ValueForm(feature), feature: index)
        }
    }

    /// The model's only input when it is a matrix whose columns have no names of their own.
    private static func matrix(_ schema: ModelSchema, _ names: [String]?) -> TensorSpec? {
        guard schema.inputs.count == 1, !schema.hasColumns, let input = schema.inputs.first,
            input.shape.count == 2, input.shape[1] != 1, names != [input.name]
        else { return nil }
        return input
    }

    /// The table's column of each feature.
    private static func places(
        _ schema: ModelSchema, _ names: [String]?, _ columnCount: Int, _ problems: inout ProblemList
    ) throws(InferenceError) -> [Int?] {
        // One column for the one value that there is needs no name.
        guard let names, schema.features.count > 1 || columnCount > 1 else {
            guard columnCount == schema.features.count else {
                throw .malformed(
                    "the table has \(columnCount) columns without names; model '\(schema.name)' takes "
                        + "\(schema.features.count)")
            }
            return Array(0..<columnCount)
        }
        let table = NameTable(schema.features.map(\.name))
        var places = [Int?](repeating: nil, count: schema.features.count)
        for (column, name) in names.enumerated() {
            guard let index = Array(name.utf8).withUnsafeBytes({ table.index(of: $0, hint: column) }) else { continue }
            if places[index] != nil {
                try problems.note(
                    .malformed("column '\(schema.features[index].name)' is given twice; once is expected"))
            }
            places[index] = column
        }
        return places
    }
}
