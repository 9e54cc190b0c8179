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
        let loaded = try LoadedModel(model, onnxRuntime)
        let report = ModelReport(loaded.session, batching: loaded.session.proveBatching(), schema: loaded.joined)
        writeText(json ? try text(loaded.location, report) : text(report), to: STDOUT_FILENO)
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
