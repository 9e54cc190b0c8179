import Foundation
import Testing

@testable import ApusSupervisor

@Suite("Runtime directory")
struct RuntimeDirectoryTests {
    private let folder = TemporaryFolder()

    @Test("it is made with the folders that it lies in, for its owner alone")
    func makes() throws {
        let path = "\(folder.path)/a/b"
        let runtime = try RuntimeDirectory(path: path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        runtime.remove()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a path of the longest length leaves room for the longest name of a socket")
    func length() throws {
        let longest = folder.path + "/" + String(repeating: "x", count: 79 - folder.path.utf8.count)
        #expect(longest.utf8.count == RuntimeDirectory.pathByteLimit)
        let runtime = try RuntimeDirectory(path: longest)
        let socket = runtime.workerSocket(generation: .max, serial: .max)
        #expect(socket.utf8.count <= 107 && runtime.adminSocket.utf8.count <= 107)
        runtime.remove()

        let error = #expect(throws: RuntimeDirectoryError.self) {
            try RuntimeDirectory(path: longest + "x")
        }
        #expect(error?.description.contains("81 bytes") == true)
        #expect(error?.description.contains("--runtime-dir") == true)
        #expect(!FileManager.default.fileExists(atPath: longest + "x"))
    }

    @Test("only one holds it at a time; the next takes it when the first is gone")
    func locks() throws {
        let first = try RuntimeDirectory(path: folder.path)
        let error = #expect(throws: RuntimeDirectoryError.self) { try RuntimeDirectory(path: folder.path) }
        #expect(error?.description.contains("another apus runs in \(folder.path)") == true)
        first.remove()
        try RuntimeDirectory(path: folder.path).remove()
    }

    @Test("sockets of a killed predecessor are removed; files of others stay")
    func stale() throws {
        folder.make()
        for name in ["admin.sock", "1.7.sock", "notes"] { try folder.write(name) }
        let runtime = try RuntimeDirectory(path: folder.path)
        #expect(!folder.exists("admin.sock") && !folder.exists("1.7.sock"))
        #expect(folder.exists("notes"))
        runtime.remove()
        #expect(folder.exists("notes") && !folder.exists("lock"))
    }

    @Test("sockets of others in the same folder stay", arguments: [
        "pipewire-0.sock", "1.sock", "1.2.3.sock", "1.x.sock", "+1.2.sock", "01.2.sock", "1.4294967296.sock", "admin.sock.sock",
    ])
    func neighbours(_ name: String) throws {
        folder.make()
        try folder.write(name)
        let runtime = try RuntimeDirectory(path: folder.path)
        #expect(folder.exists(name))
        runtime.remove()
        #expect(folder.exists(name))
    }

    @Test("a directory that others may write to, or that another owns, is refused")
    func foreign() {
        folder.make(mode: 0o777)
        let open = #expect(throws: RuntimeDirectoryError.self) { try RuntimeDirectory(path: folder.path) }
        #expect(open?.description.contains("777") == true)
        // Root owns /proc, or does not own what belongs to nobody.
        chmod(folder.path, 0o700)
        let foreign = geteuid() == 0 && chown(folder.path, 65_534, 65_534) == 0 ? folder.path : "/proc"
        let error = #expect(throws: RuntimeDirectoryError.self) { try RuntimeDirectory(path: foreign) }
        #expect(error?.description.contains("belongs to another user") == true)
    }

    @Test("a path that is a file is refused")
    func file() throws {
        let path = folder.path
        try Data().write(to: URL(filePath: path))
        let error = #expect(throws: RuntimeDirectoryError.self) { try RuntimeDirectory(path: path) }
        #expect(error?.description.contains("it is not a directory") == true)
    }

    @Test("a directory that was deleted can be made again, and its owner still holds the lock")
    func recreates() throws {
        let runtime = try RuntimeDirectory(path: folder.path)
        try FileManager.default.removeItem(atPath: folder.path)
        #expect(try runtime.restore())
        #expect(folder.exists())
        #expect(try !runtime.restore(), "it is there")
        #expect(throws: RuntimeDirectoryError.self) { try RuntimeDirectory(path: folder.path) }
        runtime.remove()
    }
}
