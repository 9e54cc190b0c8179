/// Why the inference library or a model could not be loaded.
///
/// `description` is one sentence that says what was found and what to do. It may name paths: it is for
/// the log and the terminal, not for clients.
package enum EngineError: Error, Equatable, Sendable {
    // The library.
    case libraryMissing(searched: [String])
    case libraryUnloadable(path: String, reason: String)
    case libraryTooOld(path: String, found: String, wanted: String)
    // The model's files.
    case modelMissing(path: String, reason: String)
    case notONNX(path: String, reason: String)
    case externalDataMissing(path: String, reason: String)
    // What the model asks for.
    case opsetTooNew(path: String, domain: String, found: Int, supported: Int?)
    case irVersionTooNew(path: String, found: Int, supported: Int?)
    case localeMissing(path: String, locale: String)
    /// `role` is `input` or `output`, `found` the type in words, with its article.
    case unsupportedType(path: String, role: Role, name: String, found: String)
    case rankTooLarge(path: String, role: Role, name: String, found: Int, limit: Int)
    case rankUnknown(path: String, role: Role, name: String)
    /// Any other reason the engine gave.
    case refused(path: String, OrtError)

    package enum Role: String, Sendable { case input, output }

    /// Who has to act: decides the exit code.
    package enum Kind: Equatable, Sendable {
        /// The machine lacks a usable ONNX Runtime.
        case library
        /// The model cannot be loaded, now or after a restart.
        case model
    }

    package var kind: Kind {
        switch self {
        case .libraryMissing, .libraryUnloadable, .libraryTooOld: .library
        case .modelMissing, .notONNX, .externalDataMissing, .opsetTooNew, .irVersionTooNew,
            .localeMissing, .unsupportedType, .rankTooLarge, .rankUnknown, .refused:
            .model
        }
    }
}

extension EngineError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .libraryMissing, .libraryUnloadable, .libraryTooOld: librarySentence
        case .modelMissing, .notONNX, .externalDataMissing: fileSentence
        case .opsetTooNew, .irVersionTooNew, .localeMissing, .unsupportedType, .rankTooLarge,
            .rankUnknown, .refused:
            modelSentence
        }
    }

    private var librarySentence: String {
        switch self {
        case .libraryMissing(let searched):
            return "ONNX Runtime was not found (looked at \(searched.joined(separator: ", "))); run "
                + "deploy/onnxruntime.sh to get it, and name it by --onnxruntime or APUS_ONNXRUNTIME"
        case .libraryUnloadable(let path, let reason):
            return "\(path) cannot be loaded as ONNX Runtime (\(reason)); give the path of a "
                + "libonnxruntime.so built for this machine by --onnxruntime or APUS_ONNXRUNTIME"
        case .libraryTooOld(let path, let found, let wanted):
            return "\(path) is ONNX Runtime \(found), which is too old; \(wanted) or later is needed: "
                + "run deploy/onnxruntime.sh to get the version Apus is tested with"
        default: preconditionFailure("only errors of the library have this sentence")
        }
    }

    private var fileSentence: String {
        switch self {
        case .modelMissing(let path, let reason):
            return "the model file \(path) cannot be read (\(reason)); check the path and its permissions"
        case .notONNX(let path, let reason):
            return "\(path) is not an ONNX model (\(reason)); export the model to ONNX and name that file"
        case .externalDataMissing(let path, let reason):
            return "the model \(path) keeps its weights in another file that cannot be read (\(reason)); "
                + "put that file where the model says, in the model's own folder"
        default: preconditionFailure("only errors of the model's files have this sentence")
        }
    }

    private var modelSentence: String {
        switch self {
        case .opsetTooNew(let path, let domain, let found, let supported):
            return "\(path) needs opset \(found) of \(domain), and this ONNX Runtime "
                + (supported.map { "supports up to \($0)" } ?? "does not support it")
                + "; export the model with a lower target opset or use a newer ONNX Runtime"
        case .irVersionTooNew(let path, let found, let supported):
            return "\(path) has ONNX IR version \(found), and this ONNX Runtime "
                + (supported.map { "supports up to \($0)" } ?? "does not support it")
                + "; save the model with a lower ir_version or use a newer ONNX Runtime"
        case .localeMissing(let path, let locale):
            return "\(path) compares text by the locale \(locale), which this machine does not have; "
                + "install it (locale-gen \(locale)) or export the model with locale 'C'"
        case .unsupportedType(let path, let role, let name, let found):
            return "\(role) '\(name)' of \(path) is \(found), which cannot be served; export the model "
                + "with tensors of numbers, booleans or strings"
        case .rankTooLarge(let path, let role, let name, let found, let limit):
            return "\(role) '\(name)' of \(path) has \(found) dimensions; at most \(limit) can be served: "
                + "reshape it in the model"
        case .rankUnknown(let path, let role, let name):
            return "\(role) '\(name)' of \(path) does not say how many dimensions it has; export the model "
                + "with a shape for it (dimensions may be of any size)"
        case .refused(let path, let error):
            return "ONNX Runtime cannot load \(path): \(error.message); check the file with "
                + "onnx.checker and export it again"
        default: preconditionFailure("only errors of the model have this sentence")
        }
    }
}
