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
    private let predict: PredictCodec
    /// Holds requests against what is known of features; nil when that is only the graph.
    let features: FeatureCheck?
    let inflater: Inflater
    let deflater = Deflater()

    /// - Parameter schema: as the self-test found it.
    init(session: Session, schema: ModelSchema, settings: TemplateSettings, log: Logger) {
        self.session = session
        self.schema = schema
        self.settings = settings
        self.log = log
        let nonfinite = NonfinitePolicy(settings.nonfinite)
        let limit = settings.bodyByteLimit
        openInference = OpenInferenceCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: limit)
        predict = PredictCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: limit)
        features = FeatureCheck(schema, outOfRange: settings.outOfRange)
        inflater = Inflater(byteLimit: limit)
    }

    /// Who reads and writes the bodies of that endpoint.
    func codec(_ endpoint: Endpoint) -> any InferenceCodec {
        switch endpoint {
        case .openInference: openInference
        case .predict: predict
        }
    }

    /// Gives back what huge bodies took. For when nothing is in flight.
    func shrink() {
        openInference.shrink()
        predict.shrink()
        inflater.shrink()
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
