import ApusConfiguration
import Foundation
import Testing

@Suite("Runtime directory")
struct RuntimeDirectoryTests {
    @Test("it is the one that is configured, else systemd's, else one of the user's own")
    func choice() throws {
        func path(_ configured: String?, _ environment: [String: String]) -> String {
            RuntimeDirectory(configured: configured, environment: environment, processID: 7).path
        }
        let systemd = ["RUNTIME_DIRECTORY": "/run/apus:/run/other", "XDG_RUNTIME_DIR": "/tmp"]
        #expect(path("/x", systemd) == "/x")
        #expect(path(nil, systemd) == "/run/apus")
        #expect(path(nil, ["XDG_RUNTIME_DIR": "/tmp"]) == "/tmp/apus-7")
        #expect(path(nil, ["XDG_RUNTIME_DIR": "/nowhere"]) == "/tmp/apus-\(getuid())-7")
        #expect(path(nil, [:]) == "/tmp/apus-\(getuid())-7")
    }

    @Test("it is made for its owner alone, and may be there already")
    func made() throws {
        try withFile("") { file in
            let path = (file as NSString).deletingLastPathComponent + "/r"
            let directory = RuntimeDirectory(configured: path, environment: [:])
            try directory.prepare()
            try directory.prepare()
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
    }

    @Test("what others can write to, what is no folder, what is too long and what has no parent are refused")
    func refused() throws {
        try withFile("") { file in
            func prepare(_ path: String) throws {
                try RuntimeDirectory(configured: path, environment: [:]).prepare()
            }
            let open = (file as NSString).deletingLastPathComponent + "/o"
            #expect(mkdir(open, 0o700) == 0)
            #expect(chmod(open, 0o777) == 0)
            #expect(throws: RuntimeDirectoryError.open(path: open, mode: 0o777)) { try prepare(open) }
            #expect(throws: RuntimeDirectoryError.notADirectory(path: file)) { try prepare(file) }
            let long = "/" + String(repeating: "x", count: 80)
            #expect(throws: RuntimeDirectoryError.tooLong(path: long, limit: 80)) { try prepare(long) }
            let orphan = "/nowhere/x"
            #expect(throws: RuntimeDirectoryError.cannotMake(path: orphan, reason: "No such file or directory")) {
                try prepare(orphan)
            }
        }
    }
}
