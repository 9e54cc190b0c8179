import ApusModel
import ApusWire
import Foundation
import Testing

@Suite("Why a model or the library cannot be loaded")
struct EngineErrorTests {
    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String { model }
        let model: String
        /// The sentence; PATH stands for the model's.
        let sentence: String
    }

    static let rows = [
        Row(model: "opset_too_new", sentence: "PATH needs opset 99 of ai.onnx, and this ONNX Runtime supports "
            + "up to 26; export the model with a lower target opset or use a newer ONNX Runtime"),
        Row(model: "ml_opset_too_new", sentence: "PATH needs opset 99 of ai.onnx.ml, and this ONNX Runtime "
            + "supports up to 5; export the model with a lower target opset or use a newer ONNX Runtime"),
        Row(model: "ir_too_new", sentence: "PATH has ONNX IR version 99, and this ONNX Runtime supports up to "
            + "13; save the model with a lower ir_version or use a newer ONNX Runtime"),
        Row(model: "locale_missing", sentence: "PATH compares text by the locale xx_XX.UTF-8, which this "
            + "machine does not have; install it (locale-gen xx_XX.UTF-8) or export the model with locale 'C'"),
        Row(model: "rank9", sentence: "input 'x' of PATH has 9 dimensions; at most 8 can be served: reshape it "
            + "in the model"),
        Row(model: "input_without_shape", sentence: "input 'x' of PATH does not say how many dimensions it has; "
            + "export the model with a shape for it (dimensions may be of any size)"),
        Row(model: "sequence_output", sentence: "output 'y' of PATH is a sequence of tensors, which cannot be "
            + "served; export the model with tensors of numbers, booleans or strings"),
        Row(model: "sequence_input", sentence: "input 'x' of PATH is a sequence of tensors, which cannot be "
            + "served; export the model with tensors of numbers, booleans or strings"),
        Row(model: "optional_output", sentence: "output 'y' of PATH is an optional value, which cannot be "
            + "served; export the model with tensors of numbers, booleans or strings"),
        Row(model: "identity_complex64", sentence: "input 'x' of PATH is a tensor(complex64), which cannot be "
            + "served; export the model with tensors of numbers, booleans or strings"),
        Row(model: "identity_float8e4m3fn", sentence: "input 'x' of PATH is a tensor of 8-bit floats, which "
            + "cannot be served; export the model with tensors of numbers, booleans or strings"),
    ]

    @Test("a model that cannot be served is refused with a sentence that says what to do", arguments: rows)
    func refuses(_ row: Row) throws {
        let path = TestEngine.fixture("small/\(row.model).onnx")
        let error = #expect(throws: EngineError.self) { try TestEngine.session(path: path) }
        #expect(error?.description == row.sentence.replacingOccurrences(of: "PATH", with: path))
        #expect(error?.kind == .model)
    }

    @Test("weights that are missing, or outside of the model's folder, are named",
        arguments: [("external_missing", "missing.bin"), ("external_outside", "../iris.onnx")])
    func externalData(_ model: String, _ file: String) throws {
        let error = #expect(throws: EngineError.self) { try TestEngine.small(model) }
        guard case .externalDataMissing(_, let reason) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(reason.contains(file))
    }

    @Test("weights beside the model are found, wherever the process runs")
    func externalDataFound() throws {
        let session = try TestEngine.small("external")
        let answers = try session.answers([OwnedTensor(.float32, [1, 2], [1, 2] as [Float])])
        #expect(answers == [OwnedTensor(.float32, [1, 2], [11, 22] as [Float])])
    }

    @Test("an operator that the engine lacks is told in the engine's words")
    func unknownOperator() throws {
        let error = #expect(throws: EngineError.self) { try TestEngine.small("unknown_operator") }
        #expect(error?.description.contains("com.acme:Acme") == true)
    }

    struct Content: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
    }

    static let contents = [
        Content(testDescription: "an empty file", bytes: []),
        Content(testDescription: "text", bytes: Array("this is not a model\n".utf8)),
        Content(testDescription: "JSON", bytes: Array(#"{"model": [1, 2, 3]}"#.utf8)),
        Content(testDescription: "zeros", bytes: Array(repeating: 0, count: 4096)),
        Content(testDescription: "a pickle's first bytes", bytes: [0x80, 0x04, 0x95, 0x00, 0x10, 0, 0, 0]),
        Content(testDescription: "only a version", bytes: [0x08, 0x08]),
        Content(testDescription: "a length beyond the end", bytes: [0x08, 0x08, 0x3A, 0xFF, 0xFF, 0x7F]),
    ]

    @Test("what is not ONNX is said not to be", arguments: contents)
    func otherFormats(_ content: Content) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("model.onnx", content.bytes)
        let error = #expect(throws: EngineError.self) { try TestEngine.session(path: path) }
        guard case .notONNX(path, _) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    @Test("a model cut short anywhere is refused and nothing worse happens")
    func truncated() throws {
        let folder = try TemporaryFolder()
        let whole = try Data(contentsOf: URL(fileURLWithPath: TestEngine.fixture("tabular.onnx")))
        for count in stride(from: 0, to: whole.count, by: 61) {
            let path = try folder.write("model.onnx", whole.prefix(count))
            #expect(throws: EngineError.self, "\(count) bytes") { try TestEngine.session(path: path) }
        }
    }

    @Test("a model file that is missing or a folder cannot be read, and it says why")
    func missingModel() throws {
        let folder = try TemporaryFolder()
        #expect(throws: EngineError.modelMissing(
            path: folder.path + "/none.onnx", reason: "No such file or directory")
        ) { try TestEngine.session(path: folder.path + "/none.onnx") }
        #expect(throws: EngineError.modelMissing(path: folder.path, reason: "it is not a file")) {
            try TestEngine.session(path: folder.path)
        }
    }
}

@Suite("Finding ONNX Runtime")
struct LibraryTests {
    @Test("a library that is not where it was said to be is missing, and no other one is taken")
    func missing() {
        let error = #expect(throws: EngineError.libraryMissing(searched: ["/nowhere/lib.so"])) {
            _ = try OnnxRuntime.load("/nowhere/lib.so")
        }
        #expect(error?.kind == .library)
        #expect(error?.description == "ONNX Runtime was not found (looked at /nowhere/lib.so); run "
            + "deploy/onnxruntime.sh to get it, and name it by --onnxruntime or APUS_ONNXRUNTIME")
    }

    @Test("a text file is no library")
    func text() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("libonnxruntime.so", text: "not a library\n")
        let error = #expect(throws: EngineError.self) { _ = try OnnxRuntime.load(path) }
        guard case .libraryUnloadable(path, let reason) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(reason.contains("invalid ELF header") || reason.contains("file too short"))
    }

    @Test("another library is not ONNX Runtime")
    func otherLibrary() throws {
        let path = try #require(
            ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6"]
                .first { FileManager.default.fileExists(atPath: $0) })
        #expect(throws: EngineError.libraryUnloadable(path: path, reason: "it has no OrtGetApiBase")) {
            _ = try OnnxRuntime.load(path)
        }
    }

    @Test("an ONNX Runtime too old to have the table we ask for is said to be")
    func tooOld() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/libonnxruntime.so"
        let source = try folder.write("old.c", text: """
            static const void *api(unsigned version) { return 0; }
            static const char *version(void) { return "1.17.3"; }
            static const struct { const void *(*api)(unsigned); const char *(*version)(void); }
                base = { api, version };
            const void *OrtGetApiBase(void) { return &base; }
            """)
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["clang", "-shared", "-fPIC", "-o", path, source]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
        let error = #expect(
            throws: EngineError.libraryTooOld(path: path, found: "1.17.3", wanted: "1.18")
        ) { _ = try OnnxRuntime.load(path) }
        #expect(error?.description == "\(path) is ONNX Runtime 1.17.3, which is too old; 1.18 or later is "
            + "needed: run deploy/onnxruntime.sh to get the version Apus is tested with")
    }

    @Test("the library says which version it is, and where it came from")
    func version() throws {
        let runtime = try OnnxRuntime.load(TestEngine.libraryPath)
        #expect(runtime.version.hasPrefix("1."))
        #expect(runtime.path == TestEngine.libraryPath)
    }
}
