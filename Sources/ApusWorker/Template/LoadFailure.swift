import ApusLog
import ApusModel

/// Why a model version cannot be served.
struct LoadFailure: Error, Equatable {
    var exitCode: ExitStatus
    /// What was found and what to do, for the log, `apus status` and `apus reload`.
    var sentence: String

    /// The model itself is not the reason, and another try may load it: its private copy could not be made, no process
    /// could be forked.
    var mayPass = false

    /// The self-test ended in a way that no model should.
    static func selfTest(_ sentence: String) -> LoadFailure {
        LoadFailure(exitCode: .modelCannotLoad, sentence: sentence)
    }

    init(exitCode: ExitStatus, sentence: String, mayPass: Bool = false) {
        self.exitCode = exitCode
        self.sentence = sentence
        self.mayPass = mayPass
    }

    init(_ error: EngineError) {
        switch error.kind {
        case .library: exitCode = .onnxRuntimeMissing
        case .model: exitCode = .modelCannotLoad
        }
        sentence = error.description
    }
}
