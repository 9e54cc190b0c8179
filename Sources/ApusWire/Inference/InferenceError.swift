/// Why an inference request was refused or failed.
///
/// `description` goes to the client as it stands: no path, pid, address, and none of the request's data.
package enum InferenceError: Error, Equatable, Sendable {
    // Faults of the request.
    /// Any other fault of the body's form. The sentence is complete.
    case malformed(String)
    case unknownInput(name: String, model: String, wanted: [String])
    case missingInput(name: String, model: String)
    case duplicateInput(name: String)
    case unknownOutput(name: String, model: String, wanted: [String])
    case datatypeMismatch(input: String, model: String, found: String, wanted: String)
    case shapeMismatch(input: String, model: String, found: String, wanted: String)
    /// `data` or the binary part has another number of elements or bytes than the shape says.
    case sizeMismatch(input: String, found: Int, wanted: Int, unit: String)
    /// A value that the element type cannot hold without loss; the value itself is not repeated.
    case unrepresentable(input: String, found: String, wanted: String)
    case batchTooLarge(found: Int, limit: Int, model: String)
    /// A packed body that unpacks to more than this many bytes.
    case bodyTooLarge(limit: Int)
    case batchMismatch(input: String, model: String, found: Int, wanted: Int)
    case unknownModel(name: String)
    case unknownVersion(name: String, version: Int)
    case unknownLabel(name: String, label: String)
    case unsupported(String)
    /// Several of these at once: the first ones, and how many there are in all.
    case several([InferenceError], count: Int)
    /// Two workers have died over the same request.
    case quarantined(model: String)
    // Too much at once, or too late.
    case queueFull(capacity: Int)
    case queueTimeout
    /// The client has gone. Nobody reads this; it is counted.
    case cancelled
    case deadlineExceeded(milliseconds: Int)
    case noWorker(model: String)
    // Faults of ours or of the model.
    /// The run failed. The engine's own words are for the log; clients get the sentence without them.
    case runFailed(model: String, reason: String)
    /// Two workers died over this request.
    case poisonInput(model: String)

    package enum Origin: Equatable, Sendable { case client, overload, server }

    /// Decides status class, log level, and whether trying again makes sense.
    package var origin: Origin {
        switch self {
        case .malformed, .unknownInput, .missingInput, .duplicateInput, .unknownOutput, .datatypeMismatch,
            .shapeMismatch, .sizeMismatch, .unrepresentable, .batchTooLarge, .batchMismatch,
            .bodyTooLarge, .unknownModel, .unknownVersion, .unknownLabel, .unsupported,
            .quarantined, .several, .cancelled:
            .client
        case .queueFull, .queueTimeout, .deadlineExceeded, .noWorker: .overload
        case .runFailed, .poisonInput: .server
        }
    }

    /// The HTTP status that every protocol gives it.
    package var status: Int {
        switch self {
        case .malformed, .unknownInput, .missingInput, .duplicateInput, .unknownOutput, .datatypeMismatch,
            .shapeMismatch, .sizeMismatch, .unrepresentable, .batchTooLarge, .batchMismatch:
            400
        case .several(let errors, _): errors.first?.status ?? 400
        case .unknownModel, .unknownVersion, .unknownLabel: 404
        case .bodyTooLarge: 413
        case .quarantined: 422
        case .cancelled: ResultFrame.cancelledStatus
        case .unsupported: 501
        case .queueFull, .queueTimeout, .noWorker: 503
        case .deadlineExceeded: 504
        case .runFailed, .poisonInput: 500
        }
    }
}

extension InferenceError: CustomStringConvertible {
    /// Triton's own words where its clients and scripts look for them (triton core, infer_request.cc).
    package var description: String {
        switch self {
        case .malformed(let sentence), .unsupported(let sentence):
            return sentence
        case .unknownInput(let name, let model, let wanted):
            return "unexpected inference input '\(name)' for model '\(model)'; it takes \(list(wanted))"
        case .missingInput(let name, let model):
            return "input '\(name)' is missing; model '\(model)' needs it"
        case .duplicateInput(let name):
            return "input '\(name)' is given twice; once is expected"
        case .unknownOutput(let name, let model, let wanted):
            return "unexpected inference output '\(name)' for model '\(model)'; it gives \(list(wanted))"
        case .datatypeMismatch(let input, let model, let found, let wanted):
            return "inference input '\(input)' data-type is '\(found)', but model '\(model)' expects '\(wanted)'"
        case .shapeMismatch(let input, let model, let found, let wanted):
            return "unexpected shape for input '\(input)' for model '\(model)'. Expected \(wanted), got \(found)."
        case .sizeMismatch(let input, let found, let wanted, let unit):
            return "input '\(input)' has \(found) \(unit); its shape needs \(wanted)"
        case .unrepresentable(let input, let found, let wanted):
            return "input '\(input)' has \(found) where \(wanted) is expected"
        case .batchTooLarge(let found, let limit, let model):
            return "inference request batch-size must be <= \(limit) for '\(model)', got \(found)"
        case .bodyTooLarge(let limit):
            return "the body unpacks to more than the \(limit) bytes this server takes"
        case .batchMismatch(let input, let model, let found, let wanted):
            return "input '\(input)' batch size does not match other inputs for '\(model)': "
                + "expected \(wanted), got \(found)"
        case .unknownModel(let name):
            return "Request for unknown model: '\(name)' is not found"
        case .unknownVersion(let name, let version):
            return "Request for unknown model: '\(name)' version \(version) is not found"
        case .unknownLabel(let name, let label):
            return "Request for unknown model: '\(name)' has no version labeled '\(label)'"
        case .several(let errors, let count):
            let more = count > errors.count ? "; and \(count - errors.count) more" : ""
            return "\(count) problems: " + errors.map(\.description).joined(separator: "; ") + more
        case .queueFull(let capacity):
            return "Exceeds maximum queue size: \(capacity) requests are already waiting; try again later"
        case .queueTimeout:
            return "Request timeout expired before the model was free"
        case .cancelled:
            return "the client closed the connection before its request was run"
        case .deadlineExceeded(let milliseconds):
            return "no answer within the deadline of \(milliseconds) ms"
        case .noWorker(let model):
            return "model '\(model)' has no worker ready; try again later"
        case .runFailed(let model, _):
            return "model '\(model)' failed on this input"
        case .quarantined(let model):
            return "two workers of model '\(model)' stopped while they worked on this very request: "
                + "it is refused for a while"
        case .poisonInput(let model):
            return "poison_input: two workers of model '\(model)' stopped while they worked on this request"
        }
    }

    private func list(_ names: [String]) -> String {
        let shown = names.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
    }
}
