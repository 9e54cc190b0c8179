import ApusConfiguration
import ApusLog
import ApusModel
import ApusWire
import ArgumentParser
import FoundationEssentials
import Glibc

/// `apus diff`: what a reload would say of a new version.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare what two models, or two versions of one, take and give.",
        discussion: """
            The exit status is 0 when clients of OLD can go on with NEW, and 1 when they cannot: then a reload \
            refuses NEW, unless it is told to allow it.
            """)

    @Argument(help: ArgumentHelp("The model that serves.", valueName: "OLD"))
    var old: String

    @Argument(help: ArgumentHelp("The model that is to follow.", valueName: "NEW"))
    var new: String

    @Option(name: .customLong("onnxruntime"), help: ArgumentHelp("The ONNX Runtime library.", valueName: "FILE"))
    var onnxRuntime: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let (before, after) = try (LoadedModel(old, onnxRuntime).schema, LoadedModel(new, onnxRuntime).schema)
        let difference = SchemaDifference(from: before, to: after)
        writeText(json ? try document(difference) : text(difference), to: STDOUT_FILENO)
        if !difference.isCompatible { throw Failure(.incompatible, []) }
    }

    private func text(_ difference: SchemaDifference) -> String {
        let lines = difference.changes.map { ($0.isCompatible ? "compatible    " : "incompatible  ") + $0.text }
        return (lines.isEmpty ? ["the schemas are the same"] : lines).joined(separator: "\n") + "\n"
    }

    private func document(_ difference: SchemaDifference) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(DifferenceDocument(difference)), as: UTF8.self) + "\n"
    }
}

/// What `apus diff --json` prints.
struct DifferenceDocument: Encodable {
    struct Change: Encodable {
        let kind: String
        let role: String
        let name: String
        let compatible: Bool
        let text: String
    }

    let compatible: Bool
    let changes: [Change]

    init(_ difference: SchemaDifference) {
        compatible = difference.isCompatible
        changes = difference.changes.map {
            Change(
                kind: $0.kind.rawValue, role: $0.role.rawValue, name: $0.name, compatible: $0.isCompatible,
                text: $0.text)
        }
    }
}
