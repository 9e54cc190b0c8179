import Foundation
import Testing

extension ServeTests {
    @Suite("Changed model files")
    struct WatchTests {
        @Test("a file that is renamed into place is loaded; the same bytes again are not")
        func renamed() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer("\(models.path)/iris.onnx", "--workers", "1")
            let before = try server.settledReport().models[0]
            var mark = server.log.mark
            try models.put(try ModelFolder.iris("two"), at: "iris.onnx")
            try server.log.wait(for: "model reloaded", since: mark)
            let after = try server.settledReport().models[0]
            #expect(after.generation > before.generation && after.digest != before.digest)
            mark = server.log.mark
            try models.put(try ModelFolder.iris("two"), at: "iris.onnx")
            try server.log.wait(for: "the files are the same as before", since: mark)
            #expect(try server.settledReport().models[0].generation == after.generation)
            #expect(try server.askIris() == "200 iris/1")
            try server.stop()
        }

        @Test("a file that is still open for writing is left alone until it is closed")
        func unfinished() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris/model.onnx")
            let server = try TestServer("\(models.path)/iris", "--workers", "1")
            var mark = server.log.mark
            let bytes = try ModelFolder.iris("overwritten in place")
            let file = open("\(models.path)/iris/model.onnx", O_WRONLY | O_TRUNC | O_CLOEXEC)
            _ = bytes.prefix(100).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            // Something else in the folder makes the server look.
            try models.put(Data(#"{"X":[5.9,3.0,4.2,1.5]}"#.utf8), at: "iris/request.json")
            try server.log.wait(for: "model.onnx is being written", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            mark = server.log.mark
            _ = bytes.dropFirst(100).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            close(file)
            try server.log.wait(for: "model reloaded", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            try server.stop()
        }

        @Test("a link that is made to lead elsewhere is followed")
        func links() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "a/model.onnx")
            try models.put(try ModelFolder.iris("b"), at: "b/model.onnx")
            models.link("iris", to: "a")
            let server = try TestServer("\(models.path)/iris", "--workers", "1")
            let before = try server.settledReport().models[0]
            let mark = server.log.mark
            models.link("iris", to: "b")
            try server.log.wait(for: "model reloaded", since: mark)
            #expect(try server.settledReport().models[0].digest != before.digest)
            try server.stop()
        }

        @Test("a new version folder takes over; when it is deleted, the one before it does")
        func versions() throws {
            let models = ModelFolder()
            models.make("iris")
            try models.put(try ModelFolder.iris(), at: "iris/1/model.onnx")
            let server = try TestServer("\(models.path)/iris", "--workers", "1")
            #expect(try server.askIris() == "200 iris/1")
            var mark = server.log.mark
            models.make("iris/2")
            try models.put(try ModelFolder.iris("two"), at: "iris/2/model.onnx")
            try server.log.wait(for: "version removed", since: mark)
            try server.waitFor("200 iris/2") { try server.askIris() }
            mark = server.log.mark
            try models.remove("iris/2")
            try server.log.wait(for: "version removed", since: mark)
            try server.waitFor("200 iris/1") { try server.askIris() }
            try server.stop()
        }

        @Test("a broken file is refused once, and the next good one is taken")
        func broken() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris/model.onnx")
            let server = try TestServer("\(models.path)/iris", "--workers", "1")
            var mark = server.log.mark
            try models.put(Data("no model".utf8), at: "iris/model.onnx")
            try server.log.wait(for: "reload refused", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            #expect(try server.report().models[0].reason.contains("reload refused: "))
            mark = server.log.mark
            try models.put(Data("no model".utf8), at: "iris/model.onnx")
            try server.log.wait(for: "the files are the same as before", since: mark)
            mark = server.log.mark
            try models.put(try ModelFolder.iris("mended"), at: "iris/model.onnx")
            try server.log.wait(for: "model reloaded", since: mark)
            #expect(try server.report().models[0].reason == "")
            try server.stop(errors: ["reload refused"])
        }

        @Test("a model that comes into the repository is served, one that leaves is not")
        func repository() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer("--repository", models.path, "--workers", "1")
            var mark = server.log.mark
            try models.put(try ModelFolder.iris(), at: "other/model.onnx")
            try server.log.wait(for: "model reloaded", since: mark)
            let path = "/v2/models/other/infer"
            try server.waitFor("200 other/1") { try server.askIris(path) }
            mark = server.log.mark
            try models.remove("other")
            try server.log.wait(for: "model removed", since: mark)
            try server.waitFor("404 ") { try server.askIris(path) }
            try server.stop()
        }

        @Test("a folder that the kernel has no watch for is told once, with what to do")
        func unwatched() throws {
            let fault = try Fault.watches()
            try fault.begin()
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            try models.put(try ModelFolder.iris(), at: "other/model.onnx")
            let server = try TestServer(
                arguments: ["--repository", models.path, "--workers", "1"], environment: fault.environment)
            try server.waitUntilReady()
            #expect(try server.admin("reload wait") == "ok\n")
            let warnings = server.log.text.split(separator: "\n").filter { $0.contains("not every folder of models is watched") }
            #expect(warnings.count == 1)
            #expect(warnings.first?.contains("SIGHUP or `apus reload`") == true)
            #expect(warnings.first?.contains("raise fs.inotify.max_user_watches") == true)
            #expect(warnings.first?.contains(" folder=/tmp") == true)
            try server.stop()
        }

        @Test("with --reload manual nothing happens until it is asked for")
        func manual() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer("\(models.path)/iris.onnx", "--workers", "1", "--reload", "manual")
            let before = try server.settledReport().models[0]
            try models.put(try ModelFolder.iris("two"), at: "iris.onnx")
            #expect(try server.admin("reload wait").hasPrefix("ok"))
            #expect(try server.settledReport().models[0].digest != before.digest)
            #expect(!server.log.text.contains("files_changed=true"))
            try server.stop()
        }
    }
}
