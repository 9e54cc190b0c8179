import ApusWire

/// Tables: pandas DataFrames, split or as records.
extension MLflowCodec {
    /// `{"columns": […], "index": […], "data": [[…], …]}`; the first two may be missing.
    func decodeSplit(
        _ table: JSONValue, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        let (names, index, rows) = try splitFields(table)
        try checkRows(rows)
        if let index, index.kind != .array || index.elementCount != rows.elementCount {
            try request.problems.note(
                .malformed("Invalid input. 'index' is not a list of one label for each of the rows of 'data'"))
        }
        var first = rows.elements
        let firstCount = first.next().flatMap { $0.kind == .array ? $0.elementCount : nil }
        let columnCount = names?.count ?? firstCount ?? 0
        let layout = try TableLayout(schema, names: names, columnCount: columnCount, &request.problems)
        var reader = TableReader(schema, layout, inputs: inputs, request)
        var values: [JSONValue] = []
        for row in rows.elements {
            values.removeAll(keepingCapacity: true)
            guard row.kind == .array, row.elementCount == columnCount else {
                let found = row.kind == .array ? "a list of \(row.elementCount)" : row.kindText
                try reader.skip(
                    .malformed(
                        "Invalid input. Row \(reader.rowCount) of 'data' is \(found); a list of \(columnCount) "
                            + "values is expected"))
                continue
            }
            values.append(contentsOf: row.elements)
            try reader.append(values, records)
        }
        try reader.finish(records, knowsWholes: true)
    }

    private func splitFields(
        _ table: JSONValue
    ) throws(InferenceError) -> (names: [String]?, index: JSONValue?, data: JSONValue) {
        guard table.kind == .object else {
            throw .malformed("Invalid input. Dataframe split format must be a dictionary. Got \(table.kindText).")
        }
        var found: (columns: JSONValue?, index: JSONValue?, data: JSONValue?)
        for (key, value) in table.members {
            switch key {
            case "columns" where found.columns == nil: found.columns = value
            case "index" where found.index == nil: found.index = value
            case "data" where found.data == nil: found.data = value
            default:
                throw .malformed(
                    "Invalid input. Dataframe split format must have 'data' field and optionally 'columns' and "
                        + "'index' fields, each once, and no other.")
            }
        }
        guard let data = found.data else {
            throw .malformed("Invalid input. Dataframe split format must have 'data' field.")
        }
        let columns = found.columns?.kind == .null ? nil : found.columns
        return (try columns.map(columnNames), found.index?.kind == .null ? nil : found.index, data)
    }

    /// pandas' names are texts, or numbers where nobody gave any.
    private func columnNames(_ list: JSONValue) throws(InferenceError) -> [String] {
        guard list.kind == .array else {
            throw .malformed("Invalid input. 'columns' is \(list.kindText); a list of names is expected")
        }
        try TableLayout.check(columnCount: list.elementCount, schema)
        var names: [String] = []
        for name in list.elements {
            if let text = name.string {
                names.append(String(decoding: text, as: UTF8.self))
            } else if let number = name.count {
                names.append("\(number)")
            } else {
                throw .malformed("Invalid input. 'columns' has \(name.kindText); names are expected")
            }
        }
        return names
    }

    private func checkRows(_ rows: JSONValue) throws(InferenceError) {
        guard records.hasRows else {
            throw .malformed(
                "model '\(schema.name)' has inputs without common rows; ask with 'inputs', an object of whole tensors")
        }
        guard rows.kind == .array, rows.elementCount > 0 else {
            throw .malformed("Invalid input. The table is \(rows.kindText) without rows; at least one is expected")
        }
    }

    /// `[{column: value, …}, …]`. The columns are those of the first record, and the others have to have them, too.
    func decodeTableRecords(
        _ list: JSONValue, inputs: [TensorBuffer], request: InferenceRequest
    ) throws(InferenceError) {
        guard list.kind == .array else {
            throw .malformed("Invalid input. Dataframe records format must be a list of records. Got \(list.kindText).")
        }
        try checkRows(list)
        let names = try firstNames(list)
        let table = NameTable(given: names)
        if let repeated = table.repeated {
            throw .malformed(
                "Invalid input. Record 0 has the column '\(shown(names[repeated]))' twice; once is expected")
        }
        let layout = try TableLayout(schema, names: names, columnCount: names.count, &request.problems)
        var reader = TableReader(schema, layout, inputs: inputs, request)
        var values: [JSONValue?] = []
        for record in list.elements {
            do throws(InferenceError) {
                try collect(record, table, count: names.count, number: reader.rowCount, into: &values)
            } catch {
                try reader.skip(error)
                continue
            }
            try reader.append(values.map { $0! }, records)
        }
        try reader.finish(records, knowsWholes: true)
    }

    /// The columns of the first record, in its order.
    private func firstNames(_ list: JSONValue) throws(InferenceError) -> [String] {
        var elements = list.elements
        guard let first = elements.next() else { return [] }
        var count = 0
        for _ in first.members { count += 1 }
        try TableLayout.check(columnCount: count, schema)
        return first.members.map { String(decoding: $0.key, as: UTF8.self) }
    }

    /// The values of a record in the order of the columns; all are there when this returns.
    private func collect(
        _ record: JSONValue, _ table: NameTable, count: Int, number: Int, into values: inout [JSONValue?]
    ) throws(InferenceError) {
        guard record.kind == .object else {
            throw .malformed("Invalid input. Record \(number) is \(record.kindText); an object of columns is expected")
        }
        values.removeAll(keepingCapacity: true)
        for _ in 0..<count { values.append(nil) }
        var position = 0
        for (key, value) in record.members {
            guard let column = table.index(of: key, hint: position), values[column] == nil else {
                throw .malformed(
                    "Invalid input. Record \(number) has a column twice, or one that the first record does not have")
            }
            values[column] = value
            position += 1
        }
        guard position == count else {
            throw .malformed("Invalid input. Record \(number) has \(position) columns, the first one \(count)")
        }
    }
}
