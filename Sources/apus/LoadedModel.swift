import ApusConfiguration
import ApusLog
import ApusModel
import ApusWire

/// A model that a command looks at: found, loaded, and joined with what the files beside it say.
struct LoadedModel {
    let location: ModelLocation
    let session: Session
    let joined: JoinedSchema

    /// - Parameter model: `MODEL` or `NAME=MODEL`; of several versions the newest.
    /// - Throws: `Failure` with the sentence that says what is wrong.
    init(_ model: String, _ onnxRuntime: String?) throws {
        do {
            location = try ModelReference(argument: model).locate()
            let runtime = try OnnxRuntime.load(onnxRuntime)
            session = try Session(runtime, name: location.name, path: location.newest.path)
            joined = try JoinedSchema(besideModel: session.path, inputs: session.inputs, yaml: YAMLDocument.read)
        } catch let error as RepositoryError {
            throw Failure(.modelCannotLoad, error.description)
        } catch let error as SchemaError {
            throw Failure(.modelCannotLoad, error.description)
        } catch let error as EngineError {
            throw Failure(error.kind == .library ? .onnxRuntimeMissing : .modelCannotLoad, error.description)
        }
    }

    var schema: ModelSchema {
        ModelSchema(
            name: location.name, version: location.newest.number, inputs: session.inputs, outputs: session.outputs,
            isBatchable: false, maxBatchRowCount: 1, features: joined.features, parameters: joined.parameters)
    }
}
