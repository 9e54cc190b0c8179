import ApusModel
import ApusWire
import Foundation
import Testing

@testable import ApusWorker

@Suite("Snapshot")
struct SnapshotTests {
    /// A folder with models and a place for copies, gone with this object.
    private final class Place {
        let path = "/tmp/apus-snapshot-\(getpid())-\(UInt32.random(in: 0...(.max)))"
        var copy: String { "\(path)/copies/1" }

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        @discardableResult
        func write(_ name: String, _ bytes: Data) throws -> String {
            let file = URL(filePath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try bytes.write(to: file)
            return file.path
        }

        func copied() throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: copy).sorted()
        }
    }

    private static let small = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/small").path

    /// Nanoseconds. A process that another test starts has the files that this one writes open until it is another program.
    private static let patience: UInt64 = 10_000_000_000

    @Test("holds the model, the weights it names, and what describes it, beside it or in the folder above")
    func whole() throws {
        let place = try Place()
        for name in ["external.onnx", "external.bin"] {
            try place.write("m/data/\(name)", #require(FileManager.default.contents(atPath: "\(Self.small)/\(name)")))
        }
        try place.write("m/MLmodel", Data("flavors: {}".utf8))
        try place.write("m/data/request.json", Data("{}".utf8))
        try place.write("m/data/notes.txt", Data("no".utf8))
        let files = ModelFiles(model: "\(place.path)/m/data/external.onnx", folder: "\(place.path)/m")
        let snapshot = try Snapshot.take(files, into: place.copy, patience: Self.patience)
        #expect(try place.copied() == ["MLmodel", "external.bin", "external.onnx", "request.json"])
        #expect(snapshot.files.first?.path == files.model && snapshot.files.count == 4)
        for name in ["external.onnx", "external.bin"] {
            let original = FileManager.default.contents(atPath: "\(Self.small)/\(name)")
            #expect(FileManager.default.contents(atPath: "\(place.copy)/\(name)") == original)
        }
    }

    @Test("its digest is that of the list which sha256sum prints, and changes with any byte or name")
    func digest() throws {
        let place = try Place()
        let files = ModelFiles(model: try place.write("m.onnx", Data("abc".utf8)), folder: "")
        let one = try Snapshot.take(files, into: place.copy, patience: Self.patience)
        let line = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  m.onnx\n"
        #expect(one.digest == SHA256.digest(of: line))
        try place.write("request.json", Data("{}".utf8))
        let two = try Snapshot.take(files, into: place.copy, patience: Self.patience)
        #expect(two.digest != one.digest)
        #expect(try place.copied() == ["m.onnx", "request.json"])
    }

    @Test("a file that is open for writing is not copied, and nothing is left of the attempt")
    func writer() throws {
        let place = try Place()
        let files = ModelFiles(model: try place.write("m.onnx", Data("abc".utf8)), folder: "")
        signal(SIGIO, SIG_IGN)
        let descriptor = open(files.model, O_WRONLY | O_CLOEXEC)
        #expect(throws: SnapshotError.disturbed(files.model)) {
            try Snapshot.take(files, into: place.copy, patience: 0)
        }
        close(descriptor)
        #expect(!FileManager.default.fileExists(atPath: place.copy + ".part"))
        _ = try Snapshot.take(files, into: place.copy, patience: Self.patience)
        #expect(try place.copied() == ["m.onnx"])
    }

    @Test("a copy that was deleted is written anew from its open files, and only as it was")
    func restored() throws {
        let place = try Place()
        let files = ModelFiles(model: try place.write("m.onnx", Data("abc".utf8)), folder: "")
        try place.write("request.json", Data("{}".utf8))
        let taken = try Snapshot.take(files, into: place.copy, patience: Self.patience)
        let kept = ["m.onnx", "request.json"].map { name in
            SnapshotFile(name: name, path: "/proc/self/fd/\(open("\(place.copy)/\(name)", O_RDONLY | O_CLOEXEC))")
        }
        defer { for file in kept { close(Int32(file.path.split(separator: "/").last!)!) } }
        try FileManager.default.removeItem(atPath: "\(place.path)/copies")
        try place.write("m.onnx", Data("another".utf8))
        try Snapshot.restore(kept, into: place.copy, expecting: taken.digest)
        #expect(try place.copied() == ["m.onnx", "request.json"])
        #expect(FileManager.default.contents(atPath: "\(place.copy)/m.onnx") == Data("abc".utf8))
        try FileManager.default.removeItem(atPath: "\(place.path)/copies")
        #expect(throws: SnapshotError.replaced(kept[0].path)) {
            try Snapshot.restore([kept[0]], into: place.copy, expecting: taken.digest)
        }
        #expect(throws: SnapshotError.replaced(files.model)) {
            try Snapshot.take(files, into: place.copy, patience: 0, expecting: taken.digest)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/copies") == [])
    }

    @Test("a model that is not there, and a place that cannot be written, are named")
    func refused() throws {
        let place = try Place()
        let missing = ModelFiles(model: "\(place.path)/none.onnx", folder: "")
        #expect(throws: SnapshotError.unreadable(missing.model, SystemError(call: "open", code: ENOENT))) {
            try Snapshot.take(missing, into: place.copy, patience: 0)
        }
        let files = ModelFiles(model: try place.write("m.onnx", Data("abc".utf8)), folder: "")
        let inFile = "\(files.model)/1"
        let error = #expect(throws: SnapshotError.self) {
            try Snapshot.take(files, into: inFile, patience: 0)
        }
        let sentence = error?.sentence(copying: files.model, to: inFile) ?? ""
        #expect(sentence.contains("Not a directory (ENOTDIR)") && sentence.contains("--snapshot-dir"), "\(sentence)")
        let full = SnapshotError.unwritable(inFile, SystemError(call: "write", code: ENOSPC))
        #expect(full.sentence(copying: "m", to: "d").contains("write: No space left on device (ENOSPC)"))
    }
}
