import ApusConfiguration
import ApusLog
import ApusModel
import ArgumentParser
import FoundationEssentials
import Glibc

/// `apus inspect`: what a model takes and gives, and whether its rows may share a run.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load a model, and show what it takes and gives.")

    @Argument(help: ArgumentHelp("An ONNX file, a folder with numbered versions, or an MLflow model.", valueName: "MODEL"))
    var model: String

    @Option(name: .customLong("onnxruntime"), help: ArgumentHelp("The ONNX Runtime library.", valueName: "FILE"))
    var onnxRuntime: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        do {
            let location = try ModelReference(argument: model).locate()
            let runtime = try OnnxRuntime.load(onnxRuntime)
            let session = try Session(runtime, name: location.name, path: location.newest.path)
            let schema = try JoinedSchema(
                besideModel: session.path, inputs: session.inputs, yaml: YAMLDocument.read)
            let description = ModelReport(session, batching: session.proveBatching(), schema: schema)
            writeText(json ? try text(location, description) : text(description), to: STDOUT_FILENO)
        } catch let error as RepositoryError {
            throw Failure(.modelCannotLoad, error.description)
        } catch let error as SchemaError {
            throw Failure(.modelCannotLoad, error.description)
        } catch let error as EngineError {
            throw Failure(error.kind == .library ? .onnxRuntimeMissing : .modelCannotLoad, error.description)
        }
    }

    private func text(_ description: ModelReport) -> String {
        description.lines.joined(separator: "\n") + "\n"
    }

    private func text(_ location: ModelLocation, _ description: ModelReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let document = InspectionDocument(location, description)
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }
}
