import ApusWire

/// The members of a body in TensorFlow Serving's form, as they stand.
struct TensorFlowFields {
    private(set) var instances: JSONValue?
    private(set) var inputs: JSONValue?
    private(set) var examples: JSONValue?
    private(set) var context: JSONValue?

    /// - Throws: `malformed` when the body is no object, has one of the members twice, or wants another signature
    ///   than the one there is.
    init(_ root: JSONValue) throws(InferenceError) {
        guard root.kind == .object else { throw .malformed("the body is \(root.kindText); an object is expected") }
        var seen = SeenKeys()
        for (key, value) in root.members {
            switch key {
            case "instances":
                try Self.meet(1, "instances", &seen)
                instances = value
            case "inputs":
                try Self.meet(2, "inputs", &seen)
                inputs = value
            case "examples":
                try Self.meet(4, "examples", &seen)
                examples = value
            case "context":
                try Self.meet(8, "context", &seen)
                context = value
            case "signature_name":
                try Self.meet(16, "signature_name", &seen)
                try Self.check(signature: value)
            default: break
            }
        }
    }

    private static func meet(_ bit: UInt32, _ name: StaticString, _ seen: inout SeenKeys) throws(InferenceError) {
        guard seen.meet(SeenKeys(rawValue: bit)) else {
            throw .malformed("'\(name)' is given twice; once is expected")
        }
    }

    /// ONNX models have one signature, which goes by TensorFlow's name for the default.
    private static func check(signature: JSONValue) throws(InferenceError) {
        guard let name = signature.string else {
            throw .malformed("'signature_name' is \(signature.kindText); a string is expected")
        }
        guard name.isEmpty || "serving_default" ~= name else {
            throw .malformed(
                "Serving signature name: \"\(shown(name))\" not found in signature def; "
                    + "it has \"serving_default\"")
        }
    }
}
