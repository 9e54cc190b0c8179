import ApusModel
import ApusProtocols
import ApusWire
import Logging

/// Everything that the requests of one model version need, made in the template before it forks.
final class WorkerModel {
    let session: Session
    let schema: ModelSchema
    let settings: TemplateSettings
    let log: Logger
    private let openInference: OpenInferenceCodec

    /// - Parameter schema: as the self-test found it.
    init(session: Session, schema: ModelSchema, settings: TemplateSettings, log: Logger) {
        self.session = session
        self.schema = schema
        self.settings = settings
        self.log = log
        openInference = OpenInferenceCodec(
            schema: schema, nonfinite: NonfinitePolicy(settings.nonfinite),
            bodyByteLimit: settings.bodyByteLimit)
    }

    /// Who reads and writes the bodies of that endpoint.
    func codec(_ endpoint: Endpoint) -> any InferenceCodec {
        switch endpoint {
        case .openInference, .predict: openInference
        }
    }
}

extension NonfinitePolicy {
    init(_ mode: NonfiniteMode) {
        switch mode {
        case .null: self = .null
        case .token: self = .token
        case .error: self = .error
        }
    }
}
