import Foundation
import Testing

/// A folder of model files that a test may change.
final class ModelFolder {
    let path = "/tmp/apus-models-\(getpid())-\(UInt32.random(in: 0...(.max)))"

    init() { mkdir(path, 0o700) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The iris model, the same for each `mark` and another file for each other: the mark is its description, a field
    /// that may stand anywhere (onnx.proto, `doc_string = 6`).
    static func iris(_ mark: String = "") throws -> Data {
        let bytes = try #require(FileManager.default.contents(atPath: Fixture.irisFile))
        return mark.isEmpty ? bytes : bytes + [0x32, UInt8(mark.utf8.count)] + mark.utf8
    }

    /// Puts the iris model there once for each name, at `NAME.onnx`.
    convenience init(iris names: String...) throws {
        self.init()
        for name in names { try put(try Self.iris(), at: "\(name).onnx") }
    }

    /// Puts the slow model at `slow.onnx`.
    func putSlow() throws {
        try put(try #require(FileManager.default.contents(atPath: Fixture.slowFile)), at: "slow.onnx")
    }

    /// The slow model's self-test does not end from now on.
    func putEndlessExample() throws { try put(Data(#"{"x": \#(Fixture.forever)}"#.utf8), at: "request.json") }

    func make(_ name: String) { mkdir("\(path)/\(name)", 0o700) }

    /// Writes a file beside and renames it into its place; makes the folder it is in.
    func put(_ bytes: Data, at name: String) throws {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        mkdir(file.deletingLastPathComponent().path, 0o700)
        try bytes.write(to: file.appendingPathExtension("part"))
        rename(file.appendingPathExtension("part").path, file.path)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    /// Makes a link lead to `target`, in one step.
    func link(_ name: String, to target: String) {
        symlink(target, "\(path)/\(name).new")
        rename("\(path)/\(name).new", "\(path)/\(name)")
    }
}

extension TestServer {
    /// The answer of the iris model: its status and which version gave it.
    func askIris(_ path: String = "/v2/models/iris/infer") throws -> String {
        let answer = try ask("POST", path, body: Fixture.irisRow)
        return "\(answer.status) \(answer.fields["x-apus-model"] ?? "")"
    }
}

extension TestServer {
    /// Asks until the answer is that: what the supervisor has logged reaches a proxy a moment later.
    func waitFor(
        _ wanted: String, within: Duration = .seconds(20), _ place: SourceLocation = #_sourceLocation,
        _ ask: () throws -> String
    ) throws {
        let deadline = ContinuousClock.now + within
        var found = try ask()
        while found != wanted, ContinuousClock.now < deadline { found = try ask() }
        #expect(found == wanted, sourceLocation: place)
    }
}
