extension Payload {
    /// The request's body in a format.
    /// - Returns: the bytes, and for the binary form how many of them are the JSON header.
    package func body(_ format: RequestFormat) -> (bytes: [UInt8], headerByteCount: Int?) {
        var bytes: [UInt8] = []
        switch format {
        case .v2Binary: return binary()
        case .v2: openInference().write(to: &bytes)
        case .predict: predict().write(to: &bytes)
        case .tfsRows: rows().write(to: &bytes)
        case .tfsColumns: JSON.object([.init("inputs", columns())]).write(to: &bytes)
        case .mlflow: mlflow().write(to: &bytes)
        }
        return (bytes, nil)
    }

    private func openInference() -> JSON {
        [
            "inputs": .array(
                inputs.map { input in
                    [
                        "name": .string(input.tensor.name),
                        "shape": .array(input.shape.map { JSON($0) }),
                        "datatype": .string(input.tensor.datatype.rawValue), "data": input.flat,
                    ]
                })
        ]
    }

    private func binary() -> (bytes: [UInt8], headerByteCount: Int?) {
        let tensors = inputs.map(\.littleEndian)
        let header: JSON = [
            "inputs": .array(
                zip(inputs, tensors).map { input, bytes in
                    [
                        "name": .string(input.tensor.name),
                        "shape": .array(input.shape.map { JSON($0) }),
                        "datatype": .string(input.tensor.datatype.rawValue),
                        "parameters": ["binary_data_size": JSON(bytes.count)],
                    ]
                }),
            "parameters": ["binary_data_output": true],
        ]
        let text = Array(header.text.utf8)
        return (text + tensors.joined(), text.count)
    }

    /// One object for one row, else a list of objects.
    private func predict() -> JSON {
        let objects = (0..<rowCount).map { row in
            JSON.object(
                inputs.map { JSON.Member($0.tensor.name, $0.row(row, unwrapsColumns: true)) })
        }
        return rowCount == 1 ? objects[0] : .array(objects)
    }

    private func rows() -> JSON {
        let instances = (0..<rowCount).map { row in
            inputs.count == 1
                ? inputs[0].row(row, unwrapsColumns: false)
                : JSON.object(
                    inputs.map { JSON.Member($0.tensor.name, $0.row(row, unwrapsColumns: false)) })
        }
        return ["instances": .array(instances)]
    }

    private func columns() -> JSON {
        if inputs.count == 1 { return inputs[0].nested }
        return .object(inputs.map { JSON.Member($0.tensor.name, $0.nested) })
    }

    /// A data frame when every input is a column, as pandas users send it; else named tensors.
    private func mlflow() -> JSON {
        guard inputs.allSatisfy(\.tensor.isColumn) else {
            return ["inputs": .object(inputs.map { JSON.Member($0.tensor.name, $0.nested) })]
        }
        return [
            "dataframe_split": [
                "columns": .array(inputs.map { .string($0.tensor.name) }),
                "data": .array(
                    (0..<rowCount).map { row in .array(inputs.map { $0.values.json(row) }) }),
            ]
        ]
    }
}

extension Payload.Input {
    fileprivate var flat: JSON { .array((0..<values.count).map(values.json)) }

    fileprivate var nested: JSON { nest(0, from: 0, count: values.count) }

    /// Row `row`: everything behind the first dimension.
    fileprivate func row(_ row: Int, unwrapsColumns: Bool) -> JSON {
        let size = shape.dropFirst().reduce(1, *)
        if shape.count < 2 || (unwrapsColumns && tensor.isColumn) { return values.json(row * size) }
        return nest(1, from: row * size, count: size)
    }

    private func nest(_ dimension: Int, from start: Int, count: Int) -> JSON {
        guard dimension < shape.count else { return values.json(start) }
        let part = shape[dimension] == 0 ? 0 : count / shape[dimension]
        return .array(
            (0..<shape[dimension]).map {
                nest(dimension + 1, from: start + $0 * part, count: part)
            })
    }

    /// Row-major bytes; strings with a length of 4 bytes before each (binary tensor data extension).
    fileprivate var littleEndian: [UInt8] {
        var bytes: [UInt8] = []
        func put<T: FixedWidthInteger>(_ value: T) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        for index in 0..<values.count {
            switch values {
            case .strings(let strings):
                put(UInt32(strings[index].utf8.count))
                bytes.append(contentsOf: strings[index].utf8)
            case .bools(let bools): put(UInt8(bools[index] ? 1 : 0))
            case .integers(let integers): putInteger(integers[index], put, put, put, put)
            case .floats(let floats):
                switch tensor.datatype {
                case .fp64: put(floats[index].bitPattern)
                case .fp16: put(Float(floats[index]).halfBits)
                case .bf16: put(UInt16(Float(floats[index]).bitPattern >> 16))
                default: put(Float(floats[index]).bitPattern)
                }
            }
        }
        return bytes
    }

    private func putInteger(
        _ value: Int64, _ put8: (UInt8) -> Void, _ put16: (UInt16) -> Void,
        _ put32: (UInt32) -> Void,
        _ put64: (UInt64) -> Void
    ) {
        switch tensor.datatype.byteCount {
        case 1: put8(UInt8(truncatingIfNeeded: value))
        case 2: put16(UInt16(truncatingIfNeeded: value))
        case 4: put32(UInt32(truncatingIfNeeded: value))
        default: put64(UInt64(bitPattern: value))
        }
    }
}

extension Float {
    /// IEEE 754 binary16, truncated; x86-64 Swift has no Float16. For values within ±65504.
    fileprivate var halfBits: UInt16 {
        let bits = bitPattern
        let sign = UInt16(bits >> 16) & 0x8000
        let exponent = Int(bits >> 23 & 0xff) - 127 + 15
        guard exponent > 0 else { return sign }
        return sign | UInt16(min(exponent, 30)) << 10 | UInt16(bits >> 13 & 0x3ff)
    }
}
