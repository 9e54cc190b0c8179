import ApusWire

/// The members of a body in MLflow's form.
struct MLflowFields {
    enum Form { case split, records, instances, inputs }

    let form: Form
    let data: JSONValue

    /// Other members are not looked at, but TensorFlow Serving's `signature_name` is refused, as in MLflow.
    /// - Parameter problems: are told what the model does not take of `params`.
    /// - Throws: `malformed` unless exactly one of the four forms is there, and for `signature_name`.
    init(_ root: JSONValue, _ schema: ModelSchema, _ problems: inout ProblemList) throws(InferenceError) {
        let wanted = "a JSON dictionary with exactly one of 'dataframe_split', 'dataframe_records', 'instances' and "
            + "'inputs' is expected"
        guard root.kind == .object else { throw .malformed("Invalid input. The body is \(root.kindText); \(wanted)") }
        var found: (Form, JSONValue)?
        var hasParameters = false
        for (key, value) in root.members {
            if "signature_name" ~= key {
                throw .malformed("Invalid input. 'signature_name' is not supported here: a model has one signature")
            }
            if "params" ~= key {
                guard !hasParameters else { throw .malformed("Invalid input. 'params' is given twice") }
                hasParameters = true
                try Self.check(parameters: value, schema, &problems)
            }
            guard let form = Self.form(key) else { continue }
            guard found == nil else { throw .malformed("Invalid input. More than one form is given; \(wanted)") }
            found = (form, value)
        }
        guard let found else { throw .malformed("Invalid input. None of the forms is there; \(wanted)") }
        (form, data) = found
    }

    private static func form(_ key: UnsafeRawBufferPointer) -> Form? {
        switch key {
        case "dataframe_split": .split
        case "dataframe_records": .records
        case "instances": .instances
        case "inputs": .inputs
        default: nil
        }
    }

    /// The graph does not see them; those of the signature must still be of their type. Others are dropped.
    private static func check(
        parameters: JSONValue, _ schema: ModelSchema, _ problems: inout ProblemList
    ) throws(InferenceError) {
        guard parameters.kind == .object || parameters.kind == .null else {
            return try problems.note(
                .malformed("Invalid input. 'params' is \(parameters.kindText); an object is expected"))
        }
        for (key, value) in parameters.members {
            guard let spec = schema.parameters.first(where: { Array($0.name.utf8).elementsEqual(key) }) else { continue }
            let isRight = spec.isList
                ? value.kind == .array && value.elements.allSatisfy { spec.elementType.takes($0) }
                : spec.elementType.takes(value)
            if isRight { continue }
            let type = "\(spec.elementType.datatype)"
            try problems.note(
                .malformed(
                    "Invalid input. Parameter '\(spec.name)' is \(value.kindText); "
                        + (spec.isList ? "a list of \(type) is expected" : "\(type) is expected")))
        }
    }
}

extension ElementType {
    /// Whether a JSON value is of this type, by its kind.
    fileprivate func takes(_ value: JSONValue) -> Bool {
        switch self {
        case .string: value.kind == .string
        case .bool: value.bool != nil
        case .float16, .bfloat16, .float32, .float64:
            value.kind == .fraction || value.kind == .integer || value.kind == .bigInteger
        case .uint8, .uint16, .uint32, .uint64, .int8, .int16, .int32, .int64:
            value.kind == .integer || value.kind == .bigInteger
        }
    }
}
