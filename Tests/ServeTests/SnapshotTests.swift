import Foundation
import Testing

extension ServeTests {
    @Suite("Private copies of models")
    struct SnapshotTests {
        @Test(
            "a template that is started again loads what serves, whatever is in the file by then, and though its copy is gone",
            arguments: [false, true])
        func restarted(isDeleted: Bool) throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer(
                "\(models.path)/iris.onnx", "--workers", "1", "--reload", "manual",
                "--snapshot-dir", "\(models.path)/copies")
            let before = try server.settledReport().models[0]
            try Data("no model".utf8).write(to: URL(fileURLWithPath: "\(models.path)/iris.onnx"))
            if isDeleted { try FileManager.default.removeItem(atPath: "\(models.path)/copies") }
            var mark = server.log.mark
            try Processes.signal(before.template.pid, SIGKILL)
            if isDeleted { try server.log.wait(for: "the private copy is gone; it is written anew", since: mark) }
            try server.log.wait(for: "model loaded", since: mark)
            mark = server.log.mark
            try Processes.signal(try #require(before.workers.first?.pid), SIGKILL)
            try server.log.wait(for: "worker ready", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            let after = try server.report().models[0]
            #expect(after.digest == before.digest && after.generation == before.generation)
            try server.stop(errors: ["template exited"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(models.path)/copies") == [])
        }

        @Test("a copy that cannot be written is refused by name of the fault, the old one serves on, and it is tried again")
        func unwritable() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer(
                "\(models.path)/iris.onnx", "--workers", "1", "--reload", "manual",
                "--snapshot-dir", "\(models.path)/copies")
            let copies = "\(models.path)/copies/snapshots-\(server.process)"
            #expect(FileManager.default.fileExists(atPath: "\(copies)/1/iris.onnx"))
            rename(copies, copies + ".away")
            try Data().write(to: URL(fileURLWithPath: copies))
            let answer = try server.admin("reload wait")
            #expect(answer.contains("(ENOTDIR)") && answer.contains("--snapshot-dir"), "\(answer)")
            #expect(answer.contains("it is tried again by itself"), "\(answer)")
            #expect(try server.askIris() == "200 iris/1")
            let reason = try server.report().models[0].reason
            #expect(reason.hasPrefix("reload refused for now, tried again and again: "), "\(reason)")
            let mark = server.log.mark
            // In one step: a try in between would find another fault, which has its own line.
            symlink(copies + ".away", copies + ".link")
            rename(copies + ".link", copies)
            try server.log.wait(for: "model reloaded", since: mark, within: .seconds(60))
            #expect(try server.settledReport().models[0].reason == "")
            #expect(try server.askIris() == "200 iris/1")
            try server.stop(errors: ["reload refused for now; the old version serves on"])
            let refusals = server.log.text.split(separator: "\n").filter { $0.contains(" error supervisor reload refused") }
            #expect(refusals.count == 1, "\(refusals)")
        }

        @Test("copies of generations that are gone are removed, and all at the end")
        func removed() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer(
                "\(models.path)/iris.onnx", "--workers", "1", "--snapshot-dir", "\(models.path)/copies")
            let copies = "\(models.path)/copies/snapshots-\(server.process)"
            for _ in 0..<3 { #expect(try server.admin("reload wait").hasPrefix("ok")) }
            try server.waitFor("4 lock") {
                try FileManager.default.contentsOfDirectory(atPath: copies).sorted().joined(separator: " ")
            }
            try server.stop()
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(models.path)/copies") == [])
        }
    }
}
