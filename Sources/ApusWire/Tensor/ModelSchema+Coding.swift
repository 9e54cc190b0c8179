/// A schema as bytes, for processes that hand it on without reading it.
extension ModelSchema {
    /// Changes with the form below.
    private static let form: UInt8 = 1

    /// Inputs, outputs, features and parameters; not the name, the version and how it is batched.
    package var encoded: [UInt8] {
        var writer = ControlWriter()
        writer.write(Self.form)
        writer.write(inputs) { $1.write(to: &$0) }
        writer.write(outputs) { $1.write(to: &$0) }
        writer.write(features) { $1.write(to: &$0) }
        writer.write(parameters) { $1.write(to: &$0) }
        return writer.bytes
    }

    /// - Throws: for bytes in another form, of another version of this program.
    package init(encoded bytes: [UInt8], name: String, version: Int) throws(ControlError) {
        var reader = ControlReader(bytes[...])
        let form = try reader.read(UInt8.self)
        guard form == Self.form else { throw .unknownKind(form) }
        let read = { (reader: inout ControlReader) throws(ControlError) in try TensorSpec(reading: &reader) }
        let inputs = try reader.readList(read)
        let outputs = try reader.readList(read)
        let features = try reader.readList { (reader) throws(ControlError) in try FeatureSpec(reading: &reader) }
        let parameters = try reader.readList { (reader) throws(ControlError) in try ParameterSpec(reading: &reader) }
        try reader.finish()
        guard features.allSatisfy({ inputs.indices.contains($0.input) }) else { throw .badValue("feature") }
        self.init(
            name: name, version: version, inputs: inputs, outputs: outputs, isBatchable: false, maxBatchRowCount: 1,
            features: features, parameters: parameters)
    }
}

extension TensorSpec {
    fileprivate func write(to writer: inout ControlWriter) {
        writer.write(name)
        writer.write(elementType.rawValue)
        writer.write(shape) { $0.write($1 ?? -1) }
        switch labels {
        case nil: writer.write(UInt8(0))
        case .strings(let labels)?:
            writer.write(UInt8(1))
            writer.write(labels) { $0.write($1) }
        case .integers(let labels)?:
            writer.write(UInt8(2))
            writer.write(labels) { $0.write($1) }
        }
    }

    fileprivate init(reading reader: inout ControlReader) throws(ControlError) {
        name = try reader.readString()
        elementType = try ElementType(reading: &reader)
        shape = try reader.readList { (reader) throws(ControlError) in
            let size = try reader.read(Int.self)
            return size < 0 ? nil : size
        }
        switch try reader.read(UInt8.self) {
        case 0: labels = nil
        case 1: labels = .strings(try reader.readList { (reader) throws(ControlError) in try reader.readString() })
        case 2: labels = .integers(try reader.readList { (reader) throws(ControlError) in try reader.read() })
        case _: throw .badValue("labels")
        }
    }
}

extension FeatureSpec {
    fileprivate func write(to writer: inout ControlWriter) {
        writer.write(name)
        writer.write(input)
        writer.write(column ?? -1)
        writer.write(elementType.rawValue)
        writer.write(isBase64)
        writer.write(isRequired)
        writer.write([defaultValue].compactMap(\.self)) { $1.write(to: &$0) }
        writer.write(categories) { $1.write(to: &$0) }
        writer.write([minimum].compactMap(\.self)) { $0.write($1.bitPattern) }
        writer.write([maximum].compactMap(\.self)) { $0.write($1.bitPattern) }
        writer.write(summary)
    }

    fileprivate init(reading reader: inout ControlReader) throws(ControlError) {
        let value = { (reader: inout ControlReader) throws(ControlError) in try FeatureValue(reading: &reader) }
        let number = { (reader: inout ControlReader) throws(ControlError) in
            Double(bitPattern: try reader.read())
        }
        name = try reader.readString()
        input = try reader.read()
        let column = try reader.read(Int.self)
        self.column = column < 0 ? nil : column
        elementType = try ElementType(reading: &reader)
        isBase64 = try reader.readBool()
        isRequired = try reader.readBool()
        defaultValue = try reader.readList(value).first
        categories = try reader.readList(value)
        minimum = try reader.readList(number).first
        maximum = try reader.readList(number).first
        summary = try reader.readString()
    }
}

extension FeatureValue {
    fileprivate func write(to writer: inout ControlWriter) {
        switch self {
        case .bool(let value):
            writer.write(UInt8(1))
            writer.write(value)
        case .integer(let value):
            writer.write(UInt8(2))
            writer.write(value)
        case .number(let value):
            writer.write(UInt8(3))
            writer.write(value.bitPattern)
        case .text(let value):
            writer.write(UInt8(4))
            writer.write(value)
        }
    }

    fileprivate init(reading reader: inout ControlReader) throws(ControlError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .bool(try reader.readBool())
        case 2: self = .integer(try reader.read())
        case 3: self = .number(Double(bitPattern: try reader.read()))
        case 4: self = .text(try reader.readString())
        case _: throw .badValue("feature value")
        }
    }
}

extension ParameterSpec {
    fileprivate func write(to writer: inout ControlWriter) {
        writer.write(name)
        writer.write(elementType.rawValue)
        writer.write(isList)
        writer.write(defaultText)
    }

    fileprivate init(reading reader: inout ControlReader) throws(ControlError) {
        name = try reader.readString()
        elementType = try ElementType(reading: &reader)
        isList = try reader.readBool()
        defaultText = try reader.readString()
    }
}

extension ElementType {
    fileprivate init(reading reader: inout ControlReader) throws(ControlError) {
        guard let type = ElementType(rawValue: try reader.read()) else { throw .badValue("element type") }
        self = type
    }
}
