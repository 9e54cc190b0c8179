import ApusModel
import ApusProtocols
import ApusWire
import Logging

/// From a model's file to what workers need.
enum ModelLoad {
    static func load(
        _ settings: TemplateSettings, yaml: YAMLParser, log: Logger
    ) throws(LoadFailure) -> (model: WorkerModel, description: ModelDescription) {
        let session = try open(settings)
        let joined = try join(session, yaml, log)
        try SchemaGate.check(session, joined, settings, log: log)
        let proofs = try proofs(session, joined, settings)
        let report = try SelfTest.run(session, settings, proofs: proofs)
        let schema = ModelSchema(
            name: settings.name, version: settings.version, inputs: session.inputs, outputs: session.outputs,
            isBatchable: report.isBatched, maxBatchRowCount: settings.maxBatchRowCount,
            features: joined.features, parameters: joined.parameters)
        let model = WorkerModel(session: session, schema: schema, settings: settings, log: log)
        return (model, describe(schema, report, settings, log))
    }

    private static func open(_ settings: TemplateSettings) throws(LoadFailure) -> Session {
        let session: Session
        do throws(EngineError) {
            let path = settings.onnxRuntimePath
            let runtime = try OnnxRuntime.load(path.isEmpty ? nil : path)
            session = try Session(runtime, name: settings.name, path: settings.path)
        } catch {
            throw LoadFailure(error)
        }
        let threadCount = (try? ProcessLife.threadCount()) ?? 0
        guard threadCount == 1 else {
            throw LoadFailure(
                exitCode: .onnxRuntimeMissing,
                sentence: "this ONNX Runtime started \(threadCount - 1) threads of its own, and a process with "
                    + "threads cannot fork workers; run deploy/onnxruntime.sh to get the version Apus is tested with")
        }
        return session
    }

    private static func join(
        _ session: Session, _ yaml: YAMLParser, _ log: Logger
    ) throws(LoadFailure) -> JoinedSchema {
        do throws(SchemaError) {
            let joined = try JoinedSchema(besideModel: session.path, inputs: session.inputs, yaml: yaml)
            if let warning = joined.warning {
                log.warning("the signature does not count", metadata: ["reason": "\(warning)"])
            }
            return joined
        } catch {
            throw LoadFailure(exitCode: .modelCannotLoad, sentence: error.description)
        }
    }

    /// What the files beside the model say that it answers.
    private static func proofs(
        _ session: Session, _ joined: JoinedSchema, _ settings: TemplateSettings
    ) throws(LoadFailure) -> ModelProofs {
        let schema = ModelSchema(
            name: settings.name, version: settings.version, inputs: session.inputs, outputs: session.outputs,
            isBatchable: false, maxBatchRowCount: 1, features: joined.features, parameters: joined.parameters)
        do throws(SchemaError) {
            let baseline = try Baseline(besideModel: session.path)
            try baseline?.check(schema)
            return ModelProofs(schema: schema, golden: baseline?.golden ?? [], settings: settings)
        } catch {
            throw LoadFailure(exitCode: .modelCannotLoad, sentence: error.description)
        }
    }

    /// How many workers there will be is the supervisor's to know, and may change: the configuration names one.
    private static func describe(
        _ schema: ModelSchema, _ report: SelfTestReport, _ settings: TemplateSettings, _ log: Logger
    ) -> ModelDescription {
        let delay = Int(settings.maxDelayNanoseconds / 1000)
        let documents = ModelDocuments(schema, ModelDocuments.Facts(workerCount: 1, maxDelayMicroseconds: delay))
        let openAPI = OpenAPIFragment(schema, examples: examples(schema, report, settings, log))
        return ModelDescription(
            isBatched: report.isBatched, batchingReason: report.batchingReason,
            runNanoseconds: report.runNanoseconds, metadataPrefix: documents.metadataPrefix,
            metadataSuffix: documents.metadataSuffix, config: documents.config,
            tensorFlowMetadata: documents.tensorFlowMetadata, openAPI: openAPI.bytes, schema: schema.encoded)
    }

    /// Of the request beside the model, if there is one that it takes, else of the self-test's row.
    private static func examples(
        _ schema: ModelSchema, _ report: SelfTestReport, _ settings: TemplateSettings, _ log: Logger
    ) -> ExampleTexts? {
        for file in ExampleFile.allCases {
            guard let request = file.read(besideModel: settings.path) else { continue }
            if let texts = ExampleTexts(schema, file, request) { return texts }
            log.warning(
                "of the example request beside the model no row is short enough to show",
                metadata: ["file": "\(file.name)", "model": "\(schema.name)"])
        }
        // 0 says that the model could not run that row.
        return report.runNanoseconds > 0 ? ExampleTexts(schema) : nil
    }
}
