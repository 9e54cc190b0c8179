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
