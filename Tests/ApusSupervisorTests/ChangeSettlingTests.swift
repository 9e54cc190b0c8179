import Foundation
import Testing

@testable import ApusSupervisor

@Suite("Changed files that settle")
struct ChangeSettlingTests {
    private let folder = TemporaryFolder()

    init() { folder.make() }

    private func signature(_ text: String, inner: String? = nil) throws -> ModelSignature {
        var signature = ModelSignature()
        signature.files = [1: ["/m.onnx": try state(text)]]
        if let inner { signature.inner = ["/m.data": try state(inner)] }
        return signature
    }

    /// Of a file with so many bytes: two of one length are the same file.
    private func state(_ text: String) throws -> FileState {
        let path = "\(folder.path)/\(text.utf8.count)"
        if !FileManager.default.fileExists(atPath: path) { try Data(text.utf8).write(to: URL(filePath: path)) }
        return FileState(path: path)
    }

    @Test("a change counts once it was seen the same often enough, and only once")
    func settles() throws {
        var settling = ChangeSettling()
        settling.take(try signature("a"), of: "m")
        #expect(settling.look(["m": try signature("a")]) == ([], false))
        for _ in 0..<ChangeSettling.stableLookCount {
            #expect(settling.look(["m": try signature("bb")]) == ([], true))
        }
        #expect(settling.look(["m": try signature("bb")]) == (["m"], false))
        #expect(settling.look(["m": try signature("bb")]) == ([], false))
    }

    @Test("a file that grows from look to look never counts")
    func grows() throws {
        var settling = ChangeSettling()
        settling.take(try signature("a"), of: "m")
        for byteCount in 2..<10 {
            let now = try signature(String(repeating: "b", count: byteCount))
            #expect(settling.look(["m": now]) == ([], true))
        }
    }

    @Test("a change that is undone is none")
    func undone() throws {
        var settling = ChangeSettling()
        settling.take(try signature("a"), of: "m")
        _ = settling.look(["m": try signature("bb")])
        #expect(settling.look(["m": try signature("a")]) == ([], false))
    }

    @Test("models that come and go settle, too, each by itself")
    func comesAndGoes() throws {
        var settling = ChangeSettling()
        settling.take(try signature("a"), of: "old")
        for _ in 0..<ChangeSettling.stableLookCount { _ = settling.look(["new": try signature("bb")]) }
        #expect(settling.look(["new": try signature("bb")]).settled == ["old", "new"])
        #expect(settling.names == ["new"])
    }

    @Test("a file that is named inside another is no change when it becomes known, and is one when it changes")
    func inner() throws {
        var settling = ChangeSettling()
        settling.take(try signature("a"), of: "m")
        #expect(settling.look(["m": try signature("a", inner: "w")]) == ([], false))
        #expect(settling.look(["m": try signature("a", inner: "ww")]).isPending)
    }

    @Test("what has to be looked at again is a change, whatever it looks like")
    func postponed() throws {
        var settling = ChangeSettling()
        settling.take(try signature("a"), of: "m")
        settling.take(nil, of: "m")
        #expect(settling.look(["m": try signature("a")]).isPending)
    }

    @Test("a path's links and its end are watched, by name; a folder that is watched whole stays so")
    func places() throws {
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(folder.path)/store/v1/7", withIntermediateDirectories: true)
        try manager.createSymbolicLink(atPath: "\(folder.path)/current", withDestinationPath: "store/../store/v1")
        var places = WatchedPlaces()
        #expect(places.add(path: "\(folder.path)/./current/model.onnx") == "\(folder.path)/store/v1/model.onnx")
        #expect(places.folders == [folder.path, "\(folder.path)/store/v1"])
        #expect(places.matters("current", in: folder.path) && !places.matters("other", in: folder.path))
        #expect(places.matters("model.onnx", in: "\(folder.path)/store/v1"))
        #expect(!places.matters("x", in: "\(folder.path)/store/v1"))
        places.add(folder: "\(folder.path)/store/v1", depth: 1)
        #expect(places.matters("x", in: "\(folder.path)/store/v1"))
        #expect(places.matters("x", in: "\(folder.path)/store/v1/7"))
        places.add("y", in: "\(folder.path)/store/v1")
        #expect(places.matters("x", in: "\(folder.path)/store/v1"))
    }

    @Test("links in a circle end")
    func circle() throws {
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/a", withDestinationPath: "b")
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/b", withDestinationPath: "a")
        var places = WatchedPlaces()
        places.add(path: "\(folder.path)/a/model.onnx")
        #expect(places.matters("a", in: folder.path) && places.matters("b", in: folder.path))
    }
}

private func == (left: (settled: Set<String>, isPending: Bool), right: (Set<String>, Bool)) -> Bool {
    left.settled == right.0 && left.isPending == right.1
}
