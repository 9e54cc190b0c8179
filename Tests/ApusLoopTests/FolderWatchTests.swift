import Foundation
import LoopTesting
import Testing

@testable import ApusLoop

@Suite("Folder watch")
struct FolderWatchTests {
    private let folder = "/tmp/apus-watch-\(getpid())-\(UInt32.random(in: 0...(.max)))"

    @Test("tells the names to which something happens, and that a folder is gone")
    func tells() throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/in", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try withLoop { loop in
            var changes: [FolderWatch.Change] = []
            var lossCount = 0
            let watch = try FolderWatch(on: loop, onChange: { changes.append($0) }, onLoss: { lossCount += 1 })
            watch.follow(["\(folder)/in", "\(folder)/nowhere"])
            try Data("x".utf8).write(to: URL(filePath: "\(folder)/out"))
            rename("\(folder)/out", "\(folder)/in/file")
            try loop.run(until: "the file has come") { !changes.isEmpty }
            #expect(changes == [FolderWatch.Change(folder: "\(folder)/in", name: "file")])
            changes = []
            symlink("file", "\(folder)/in/link")
            unlink("\(folder)/in/file")
            try loop.run(until: "both are told") { changes.count == 2 }
            #expect(changes.map(\.name) == ["link", "file"])
            try FileManager.default.removeItem(atPath: "\(folder)/in")
            try loop.run(until: "the folder is gone") { lossCount > 0 }
            watch.close()
        }
    }

    @Test("a folder that cannot be watched is told with the reason, one that is not there is not")
    func unwatched() throws {
        try withLoop { loop in
            let watch = try FolderWatch(on: loop, onChange: { _ in }, onLoss: {})
            #expect(watch.follow(["/tmp", "\(folder)/nowhere", "/dev/null"]) == nil)
            let long = "/" + String(repeating: "x", count: Int(NAME_MAX) + 1)
            for _ in 0..<2 {
                let found = try #require(watch.follow(["/tmp", long]))
                #expect(found.folder == long && found.error.errno == ENAMETOOLONG)
            }
            watch.close()
        }
    }

    @Test("a folder that is followed no more tells nothing")
    func forgets() throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/a", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: "\(folder)/b", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try withLoop { loop in
            var changes: [FolderWatch.Change] = []
            let watch = try FolderWatch(on: loop, onChange: { changes.append($0) }, onLoss: {})
            watch.follow(["\(folder)/a", "\(folder)/b"])
            watch.follow(["\(folder)/b"])
            mkdir("\(folder)/a/one", 0o700)
            mkdir("\(folder)/b/two", 0o700)
            try loop.run(until: "the one is told") { !changes.isEmpty }
            #expect(changes == [FolderWatch.Change(folder: "\(folder)/b", name: "two")])
            watch.close()
        }
    }
}
