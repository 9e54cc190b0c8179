/// How a protocol writes an error: the JSON of every answer that is not a success, whoever makes it.
package enum ErrorShape: UInt8, CaseIterable, Sendable {
    /// `{"error":"…"}`: the Open Inference Protocol, and Apus's own endpoints. Triton's client reads this key.
    case openInference
    /// `{ "error": "…" }` with TensorFlow Serving's spaces.
    case tensorFlowServing
    /// `{"error_code":"…","message":"…"}`: MLflow.
    case mlflow
    /// `{"code":…,"type":"…","message":"…"}`: TorchServe.
    case torchServe

    /// The body of an error with that HTTP status. `Content-Type: application/json`, without a charset.
    package func body(status: Int, message: String) -> [UInt8] {
        var body: [UInt8] = []
        switch self {
        case .openInference:
            body += "{\"error\":".utf8
            body.append(quoted: message)
            body += "}".utf8
        case .tensorFlowServing:
            body += "{ \"error\": ".utf8
            body.append(quoted: message)
            body += " }".utf8
        case .mlflow:
            body += "{\"error_code\":\"\(ErrorShape.code(status))\",\"message\":".utf8
            body.append(quoted: message)
            body += "}".utf8
        case .torchServe:
            body += "{\"code\":\(status),\"type\":\"\(ErrorShape.exception(status))\",\"message\":".utf8
            body.append(quoted: message)
            body += "}".utf8
        }
        return body
    }

    /// The class of exception that TorchServe names for a status (pytorch/serve, `NettyUtils.sendError` and its
    /// callers).
    private static func exception(_ status: Int) -> StaticString {
        switch status {
        case 404: "ModelNotFoundException"
        case 405: "MethodNotAllowedException"
        case 503: "ServiceUnavailableException"
        case 500...: "InternalServerException"
        default: "BadRequestException"
        }
    }

    /// MLflow's name for a status (mlflow, protos/databricks.proto, "ErrorCode").
    private static func code(_ status: Int) -> StaticString {
        switch status {
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "RESOURCE_DOES_NOT_EXIST"
        case 405: "ENDPOINT_NOT_FOUND"
        case 413, 422: "INVALID_PARAMETER_VALUE"
        case 429: "REQUEST_LIMIT_EXCEEDED"
        case 501: "NOT_IMPLEMENTED"
        case 503: "TEMPORARILY_UNAVAILABLE"
        case 504: "DEADLINE_EXCEEDED"
        case 500...: "INTERNAL_ERROR"
        default: "BAD_REQUEST"
        }
    }
}

extension [UInt8] {
    /// Appends `text` as a JSON string with its quotes (RFC 8259 §7).
    package mutating func append(quoted text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): self += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): self += "\\n".utf8
            case UInt8(ascii: "\r"): self += "\\r".utf8
            case UInt8(ascii: "\t"): self += "\\t".utf8
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                self += "\\u00".utf8
                self += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
