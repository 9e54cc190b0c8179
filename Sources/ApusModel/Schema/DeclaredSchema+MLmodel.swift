import ApusWire

/// The signature in an `MLmodel` file: JSON texts within YAML (mlflow, models/signature.py, types/schema.py).
extension DeclaredSchema {
    package static let modelFileName = "MLmodel"

    /// - Parameter root: the file's document.
    /// - Returns: nil when it has no signature of inputs.
    /// - Throws: for a signature that cannot be read, or has columns that no tensor takes.
    package init?(mlmodel root: JSONValue) throws(SchemaError) {
        guard let signature = root["signature"], let inputs = try Self.list(signature, "inputs"), !inputs.isEmpty
        else { return nil }
        var features: [DeclaredFeature] = []
        for (index, column) in inputs.enumerated() { features.append(try Self.feature(column, index)) }
        self.init(source: Self.modelFileName, features: features)
        isUnnamed = inputs.allSatisfy { $0["name"] == nil }
        parameters = try (Self.list(signature, "params") ?? []).map(Self.parameter)
        try checkNames()
    }

    /// One member of the signature: a list, in JSON text.
    private static func list(_ signature: JSONValue, _ name: String) throws(SchemaError) -> [JSONValue]? {
        guard let member = signature[name], member != .null else { return nil }
        guard case .string(let text) = member else { throw fault("signature.\(name) is no JSON text") }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONReader.read(Array(text.utf8))
        } catch {
            throw fault("signature.\(name) is no JSON (\(error))")
        }
        guard case .array(let list) = value else { throw fault("signature.\(name) is no list") }
        return list
    }

    private static func feature(_ column: JSONValue, _ index: Int) throws(SchemaError) -> DeclaredFeature {
        var name = String(index)
        if case .string(let own)? = column["name"] { name = own }
        guard case .string(let type)? = column["type"] else { throw fault("column '\(name)' has no type") }
        var feature = DeclaredFeature(name: name)
        if case .bool(let isRequired)? = column["required"] { feature.isRequired = isRequired }
        if type == "tensor" {
            try read(tensor: column["tensor-spec"], into: &feature)
        } else {
            feature.elementType = try leaf(column, name)
            feature.isBase64 = type == "binary"
        }
        return feature
    }

    /// The element type of a column: its own, or that of the elements of a list.
    private static func leaf(_ column: JSONValue, _ name: String) throws(SchemaError) -> ElementType {
        var column = column
        while column["type"] == .string("array"), let items = column["items"] { column = items }
        guard case .string(let word)? = column["type"] else { throw fault("column '\(name)' has no type") }
        let isScalar = !["object", "map", "any", "array"].contains(word)
        guard isScalar, let type = ElementType(declared: word) else {
            throw fault("column '\(name)' is of type '\(word)', which no tensor holds")
        }
        return type
    }

    private static func read(tensor: JSONValue?, into feature: inout DeclaredFeature) throws(SchemaError) {
        guard case .string(let word)? = tensor?["dtype"], case .array(let shape)? = tensor?["shape"] else {
            throw fault("tensor '\(feature.name)' has no dtype and shape")
        }
        guard let type = ElementType(declared: word) else {
            throw fault("tensor '\(feature.name)' is of type '\(word)', which no tensor holds")
        }
        feature.elementType = type
        feature.shape = shape.map { size in
            if case .integer(let count) = size, count >= 0 { count } else { nil }
        }
    }

    private static func parameter(_ entry: JSONValue) throws(SchemaError) -> ParameterSpec {
        guard case .string(let name)? = entry["name"], case .string(let word)? = entry["type"],
            let type = ElementType(declared: word)
        else { throw fault("a parameter of the signature has no name, or no type that is known") }
        let isList = entry["shape"].map { $0 != .null } ?? false
        return ParameterSpec(
            name: name, elementType: type, isList: isList, defaultText: (entry["default"] ?? .null).text)
    }

    private static func fault(_ sentence: String) -> SchemaError { SchemaError(modelFileName, sentence) }
}

extension JSONValue {
    /// As JSON text.
    var text: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .string(let value):
            var bytes: [UInt8] = []
            bytes.append(quoted: value)
            return String(decoding: bytes, as: UTF8.self)
        case .array(let elements): return "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            return "{" + members.map { "\(JSONValue.string($0.name).text):\($0.value.text)" }.joined(separator: ",") + "}"
        }
    }
}
