/// The forms in which a request for a model can be written.
package enum RequestFormat: String, CaseIterable, Sendable {
    /// Open Inference Protocol, all JSON.
    case v2
    /// Open Inference Protocol, tensors as bytes behind a JSON header.
    case v2Binary = "v2-binary"
    /// Feature objects for `/predict`.
    case predict
    /// TensorFlow Serving, `instances`.
    case tfsRows = "tfs-rows"
    /// TensorFlow Serving, `inputs`.
    case tfsColumns = "tfs-columns"
    /// MLflow's scoring server, `/invocations`.
    case mlflow

    package static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Where such requests go.
    package func path(prefix: String, model: ModelInfo, isOnlyModel: Bool) -> String {
        let name = Percent.encode(model.name)
        let version = model.version.map { "/versions/\($0)" } ?? ""
        switch self {
        case .v2, .v2Binary: return "\(prefix)/v2/models/\(name)\(version)/infer"
        case .tfsRows, .tfsColumns: return "\(prefix)/v1/models/\(name)\(version):predict"
        case .predict:
            return model.predictPath.map { prefix + $0 }
                ?? "\(prefix)/models/\(name)\(version)/predict"
        case .mlflow:
            return isOnlyModel ? "\(prefix)/invocations" : "\(prefix)/models/\(name)/invocations"
        }
    }
}

/// Percent-encoding (RFC 3986 §2.1).
enum Percent {
    static func encode(_ text: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        let digits = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            if plain.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }

    static func decode(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
