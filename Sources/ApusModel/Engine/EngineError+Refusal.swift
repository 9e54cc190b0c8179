import ApusWire

extension EngineError {
    /// Finds out why the engine refused a model, from its words (release 1.28.0) and the model's own
    /// header. What is not recognised stays `refused`, with the engine's text.
    init(refusal error: OrtError, path: String, info: ModelInfo) {
        let message = error.message
        if let supported = message.number(after: "max supported IR version: ") {
            self = .irVersionTooNew(path: path, found: info.irVersion, supported: supported)
        } else if let opset = Self.opset(message, info) {
            self = .opsetTooNew(
                path: path, domain: opset.domain, found: opset.version,
                supported: message.number(after: " is till opset "))
        } else if let locale = message.word(after: "Failed to construct locale with name:") {
            self = .localeMissing(path: path, locale: locale)
        } else if Self.speaksOfExternalData(message) {
            self = .externalDataMissing(path: path, reason: message.firstLine)
        } else if error.code == 7 {  // ORT_INVALID_PROTOBUF
            self = .notONNX(path: path, reason: message.firstLine)
        } else if let found = Self.unsupported(info) {
            self = .unsupportedType(path: path, role: found.0, name: found.1, found: found.2)
        } else {
            self = .refused(path: path, error)
        }
    }

    /// "Current official support for domain ai.onnx is till opset 26."
    private static func opset(_ message: String, _ info: ModelInfo) -> ModelInfo.OperatorSet? {
        guard let domain = message.word(after: "official support for domain ") else { return nil }
        return info.operatorSets.first { $0.domain == domain }
    }

    /// The first input or output of an element type that the engine and we do not have in common.
    private static func unsupported(_ info: ModelInfo) -> (Role, String, String)? {
        let values = info.graphInputs.map { (Role.input, $0) } + info.graphOutputs.map { (.output, $0) }
        for (role, value) in values
        where value.elementType != 0 && ElementType(ortType: value.elementType) == nil {
            return (role, value.name, ElementType.onnxName(value.elementType))
        }
        return nil
    }

    private static func speaksOfExternalData(_ message: String) -> Bool {
        ["External data", "external data", "external initializer", "External initializer"]
            .contains { message.range(of: $0) != nil }
    }
}

extension String {
    /// The index range of the first occurrence.
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }

    fileprivate func number(after text: String) -> Int? {
        word(after: text).flatMap { Int($0.prefix { $0.isNumber }) }
    }

    /// Up to the next space or the sentence's end.
    fileprivate func word(after text: String) -> String? {
        guard let found = range(of: text) else { return nil }
        let word = self[found.upperBound...].prefix { !$0.isWhitespace && $0 != ":" }
        return word.isEmpty ? nil : String(word)
    }

    fileprivate var firstLine: String { String(prefix { !$0.isNewline }) }
}
