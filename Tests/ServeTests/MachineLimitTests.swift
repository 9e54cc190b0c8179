import Foundation
import Testing

extension ServeTests {
    @Suite("Limits of the machine")
    struct MachineLimitTests {
        @Test("no process can be forked: those that are there serve on, status says why, and it ends by itself")
        func fork() throws {
            let fault = try Fault.fork()
            let server = try TestServer(
                arguments: [Fixture.iris, "--workers", "2"], environment: fault.environment)
            try server.waitUntilReady()
            let before = try server.settledReport().models[0].workers.map(\.pid)
            var mark = server.log.mark
            try fault.begin()
            try Processes.signal(before[0], SIGKILL)
            try server.log.wait(for: "cannot fork a worker", since: mark)
            for _ in 0..<10 {
                let answer = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
                #expect(answer.status == 200)
            }
            let during = try server.report().models[0]
            #expect(during.workers.contains { $0.pid == before[1] })
            #expect(during.reason.contains("no more workers for now"), "\(during.reason)")
            mark = server.log.mark
            fault.end()
            try server.log.wait(for: "worker ready", since: mark)
            #expect(try server.settledReport().models[0].reason == "")
            try server.stop(errors: ["cannot fork a worker"])
        }

        @Test("a model that cannot be loaded for now keeps no other one from being served, however many proxies there are to be")
        func oneOfTwo() throws {
            let fault = try Fault.reading("/late.")
            try fault.begin()
            let models = try ModelFolder(iris: "iris", "late")
            let server = try TestServer(
                arguments: ["--repository", models.path, "--workers", "1", "--proxies", "auto"],
                environment: fault.environment)
            try server.waitUntilReady()
            #expect(try server.askIris() == "200 iris/1")
            fault.end()
            try server.waitFor("200 late/1", within: .seconds(60)) { try server.askIris("/v2/models/late/infer") }
            try server.stop(errors: ["the model cannot be loaded for now"])
        }

        @Test("a disk that is full at the first load: status says so, and the model is loaded once there is room")
        func diskAtFirstLoad() throws {
            let fault = try Fault.folderOfCopy()
            try fault.begin()
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer(
                arguments: ["--repository", models.path, "--workers", "1"], environment: fault.environment)
            try server.waitUntilReady()
            #expect(try server.report().models[0].reason.contains("ENOSPC"))
            #expect(try server.askIris().hasPrefix("503"))
            let mark = server.log.mark
            fault.end()
            try server.log.wait(for: "model loaded", since: mark, within: .seconds(60))
            try server.waitFor("200 iris/1") { try server.askIris() }
            #expect(try server.report().models[0].reason == "")
            try server.stop(errors: ["the model cannot be loaded for now"])
        }

        /// What keeps a new version from being loaded for a while.
        struct Passing: CustomTestStringConvertible {
            let testDescription: String
            let fault: @Sendable () throws -> Fault
            /// One of them is in the reason.
            let words: [String]
        }

        @Test("a new version that cannot be loaded for now is tried again by itself, while the old one serves", arguments: [
            Passing(testDescription: "the disk is full", fault: Fault.folderOfCopy, words: ["ENOSPC"]),
            Passing(
                testDescription: "no process can be forked", fault: Fault.fork,
                words: ["cannot be started", "could not be started"]),
            Passing(
                testDescription: "the file cannot be read", fault: { try Fault.reading() },
                words: ["No such file", "does not exist"]),
        ])
        func reload(_ passing: Passing) throws {
            let fault = try passing.fault()
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer(
                arguments: ["\(models.path)/iris.onnx", "--workers", "1"], environment: fault.environment)
            try server.waitUntilReady()
            let before = try server.settledReport().models[0]
            var mark = server.log.mark
            try fault.begin()
            try models.put(try ModelFolder.iris("two"), at: "iris.onnx")
            try server.log.wait(for: "reload refused for now", since: mark)
            try server.log.wait(for: "reloading again", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            let during = try server.report().models[0]
            #expect(during.generation == before.generation && during.workers[0].pid == before.workers[0].pid)
            #expect(during.reason.hasPrefix("reload refused for now, tried again and again: "), "\(during.reason)")
            #expect(passing.words.contains { during.reason.contains($0) }, "\(during.reason)")
            mark = server.log.mark
            fault.end()
            try server.log.wait(for: "model reloaded", since: mark, within: .seconds(60))
            let after = try server.settledReport().models[0]
            #expect(after.digest != before.digest && after.reason == "")
            #expect(try server.askIris() == "200 iris/1")
            try server.stop(errors: ["reload refused for now"])
        }

        @Test("a new model that cannot be loaded for now is named by status, and is served later; a broken one is not tried")
        func newModel() throws {
            let fault = try Fault.folderOfCopy()
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer(
                arguments: ["--repository", models.path, "--workers", "1"], environment: fault.environment)
            try server.waitUntilReady()
            var mark = server.log.mark
            try models.put(Data("no model".utf8), at: "broken.onnx")
            try server.log.wait(for: "reload refused; it is not served", since: mark)
            mark = server.log.mark
            try fault.begin()
            try models.put(try ModelFolder.iris(), at: "other.onnx")
            try server.log.wait(for: "reload refused for now; it is not served", since: mark)
            let unserved = try server.report().unserved
            #expect(unserved.map(\.name) == ["broken", "other"])
            #expect(unserved[0].reason.hasPrefix("reload refused: "), "\(unserved)")
            #expect(unserved[1].reason.contains("ENOSPC") == true, "\(unserved)")
            for _ in 0..<3 { try server.log.wait(for: "reloading again", since: server.log.mark) }
            fault.end()
            try server.waitFor("200 other/1", within: .seconds(60)) { try server.askIris("/v2/models/other/infer") }
            #expect(try server.report().unserved.map(\.name) == ["broken"])
            let again = server.log.text.split(separator: "\n").filter { $0.contains("reloading again") }
            #expect(again.count > 3 && again.allSatisfy { $0.contains("models=other") }, "\(again)")
            try server.stop(errors: ["reload refused"])
        }

        @Test("a log that takes nothing more costs no request")
        func fullLog() throws {
            let server = try TestServer(
                arguments: [Fixture.iris, "--workers", "1", "--access-log"], log: "/dev/full")
            try server.waitUntilReady()
            for _ in 0..<3 {
                #expect(try server.askIris() == "200 iris/1")
                try Processes.signal(try server.report().models[0].workers[0].pid, SIGKILL)
                #expect(try server.askIris() == "200 iris/1")
                try server.waitFor("serving") { try server.report().models[0].workers[0].state ?? "" }
            }
            try server.stop()
        }
    }
}
