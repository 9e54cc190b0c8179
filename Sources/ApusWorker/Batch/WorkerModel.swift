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
    private let torchServe: TorchServeCodec
    /// Holds requests against what is known of features; nil when that is only the graph.
    let features: FeatureCheck?
    private let tensorFlow: TensorFlowCodec
    private let classify: TensorFlowExamplesCodec
    private let regress: TensorFlowExamplesCodec
    private let mlflow: MLflowCodec
    private let mlflowCSV: MLflowCSVCodec
    let inflater: Inflater
    let deflater = Deflater()

    /// - Parameter schema: as the self-test found it.
    init(session: Session, schema: ModelSchema, settings: TemplateSettings, log: Logger) {
        self.session = session
        self.schema = schema
        self.settings = settings
        self.log = log
        let nonfinite = NonfinitePolicy(settings.nonfinite, auto: .null)
        let tokens = NonfinitePolicy(settings.nonfinite, auto: .token)
        let limit = settings.bodyByteLimit
        openInference = OpenInferenceCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: limit)
        predict = PredictCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: limit)
        torchServe = TorchServeCodec(predict)
        features = FeatureCheck(schema, outOfRange: settings.outOfRange)
        tensorFlow = TensorFlowCodec(schema: schema, nonfinite: tokens, bodyByteLimit: limit)
        classify = TensorFlowExamplesCodec(.classify, schema: schema, nonfinite: tokens, bodyByteLimit: limit)
        regress = TensorFlowExamplesCodec(.regress, schema: schema, nonfinite: tokens, bodyByteLimit: limit)
        mlflow = MLflowCodec(schema: schema, nonfinite: nonfinite, bodyByteLimit: limit)
        mlflowCSV = MLflowCSVCodec(schema: schema, nonfinite: nonfinite)
        inflater = Inflater(byteLimit: limit)
    }

    /// Who reads and writes the bodies of that endpoint.
    func codec(_ endpoint: Endpoint) -> any InferenceCodec {
        switch endpoint {
        case .openInference: openInference
        case .predict: predict
        case .torchServe: torchServe
        case .tensorFlowPredict: tensorFlow
        case .tensorFlowClassify: classify
        case .tensorFlowRegress: regress
        case .mlflow: mlflow
        case .mlflowCSV: mlflowCSV
        }
    }

    /// Gives back what huge bodies took. For when nothing is in flight.
    func shrink() {
        openInference.shrink()
        predict.shrink()
        tensorFlow.shrink()
        classify.shrink()
        regress.shrink()
        mlflow.shrink()
        inflater.shrink()
    }
}

extension NonfinitePolicy {
    /// - Parameter auto: what the protocol has by itself.
    init(_ mode: NonfiniteMode, auto: NonfinitePolicy) {
        switch mode {
        case .auto: self = auto
        case .null: self = .null
        case .token: self = .token
        case .error: self = .error
        }
    }
}
