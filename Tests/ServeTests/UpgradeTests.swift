import Foundation
import Testing

extension ServeTests {
    @Suite("A new program by USR2")
    struct UpgradeTests {
        @Test("it takes over with the same process id and port, and no request is lost")
        func requests() throws {
            let server = try TestServer(Fixture.iris, "--workers", "2")
            var before = try server.settledReport()
            var client = try server.connect()
            for _ in 0..<3 {
                let mark = server.log.mark
                server.signal(SIGUSR2)
                while !server.log.text.utf8.dropFirst(mark).contains("supervisor upgraded") {
                    client = try answered(client, server)
                    let other = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
                    #expect(other.status == 200)
                }
                let after = try server.settledReport()
                #expect(after.supervisor == server.process)
                #expect(Set(after.children).isDisjoint(with: before.children))
                #expect(Set(Processes.inSession(server.process)) == Set(after.children + [server.process]))
                before = after
            }
            try server.stop()
        }

        /// Asks on a connection that is kept open, and opens another one when the server says that it closes.
        private func answered(_ connection: Connection, _ server: TestServer) throws -> Connection {
            let answer = try connection.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
            #expect(answer.status == 200)
            return answer.fields["connection"] == "close" ? try server.connect() : connection
        }

        @Test("a request that is under way is answered by the process that has it")
        func underWay() throws {
            let server = try TestServer(Fixture.slow, "--workers", "1")
            let connection = try server.connect()
            try connection.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile * 4))
            try server.connect().settle()
            let mark = server.log.mark
            server.signal(SIGUSR2)
            var answer = try connection.read()
            #expect(answer.status == 200)
            try server.log.wait(for: "upgrading", since: mark)
            // The first answer after the change lets the connection go, and the process with it.
            while answer.fields["connection"] != "close" { answer = try connection.ask("GET", "/livez") }
            try server.log.wait(for: "supervisor upgraded", since: mark)
            #expect(
                try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1)).status == 200)
            try server.stop()
        }

        @Test("a model that could not be served before does not hold it up")
        func unserved() throws {
            let fault = try Fault.reading("/late.")
            try fault.begin()
            let models = try ModelFolder(iris: "iris", "late")
            let server = try TestServer(
                arguments: ["--repository", models.path, "--workers", "1"], environment: fault.environment)
            try server.waitUntilReady()
            let mark = server.log.mark
            server.signal(SIGUSR2)
            try server.log.wait(for: "supervisor upgraded", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            try server.stop(errors: ["the model cannot be loaded for now"])
        }

        @Test("a model that only the program before can serve is served by it, until its files are mended")
        func damaged() throws {
            let models = ModelFolder()
            try models.put(try ModelFolder.iris(), at: "iris.onnx")
            let server = try TestServer("\(models.path)/iris.onnx", "--workers", "1", "--reload", "manual")
            let before = try server.settledReport()
            try models.put(Data("no model".utf8), at: "iris.onnx")
            var mark = server.log.mark
            server.signal(SIGUSR2)
            try server.log.wait(for: "the upgrade waits", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            mark = server.log.mark
            server.signal(SIGUSR2)
            try server.log.wait(for: "upgrade refused", since: mark)
            try models.put(try ModelFolder.iris("mended"), at: "iris.onnx")
            mark = server.log.mark
            server.signal(SIGHUP)
            try server.log.wait(for: "supervisor upgraded", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            #expect(Set(try server.settledReport().children).isDisjoint(with: before.children))
            try server.stop(errors: ["model cannot be loaded", "upgrade refused"])
        }

        @Test("a program before whose proxies have all ended is not waited for")
        func lost() throws {
            let models = try ModelFolder(iris: "iris", "other")
            let server = try TestServer("--repository", models.path, "--workers", "1", "--reload", "manual", "--proxies", "1")
            let proxy = try #require(try server.settledReport().children.first { Processes.title($0) == "apus: proxy 0" })
            try models.put(Data("no model".utf8), at: "other.onnx")
            let mark = server.log.mark
            server.signal(SIGUSR2)
            try server.log.wait(for: "the upgrade waits", since: mark)
            try Processes.signal(proxy, SIGKILL)
            try server.log.wait(for: "supervisor upgraded", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            #expect(try server.askIris("/v2/models/other/infer").hasPrefix("503"))
            try server.stop(errors: ["model cannot be loaded"])
        }

        @Test("what a client has unloaded stays so, until it is loaded by request")
        func unloaded() throws {
            let models = try ModelFolder(iris: "iris", "other")
            let server = try TestServer("--repository", models.path, "--workers", "1", "--model-control")
            #expect(try server.ask("POST", "/v2/repository/models/other/unload").status == 200)
            let mark = server.log.mark
            server.signal(SIGUSR2)
            try server.log.wait(for: "supervisor upgraded", since: mark)
            #expect(try server.askIris() == "200 iris/1")
            #expect(try !server.askIris("/v2/models/other/infer").hasPrefix("200"))
            #expect(try server.ask("POST", "/v2/repository/models/other/load").status == 200)
            try server.waitFor("200 other/1") { try server.askIris("/v2/models/other/infer") }
            try server.stop()
        }

        @Test("a program that cannot take over changes nothing")
        func broken() throws {
            let folder = "/tmp/apus-program-\(getpid())-\(UInt32.random(in: 0...(.max)))"
            mkdir(folder, 0o700)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.copyItem(atPath: Built.apus, toPath: "\(folder)/apus")
            let server = try TestServer(
                arguments: [Fixture.iris, "--workers", "1"], binary: "\(folder)/apus")
            try server.waitUntilReady()
            let before = try server.settledReport().children
            try Data("#!/bin/sh\nexit 3\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/new"))
            chmod("\(folder)/new", 0o755)
            rename("\(folder)/new", "\(folder)/apus")
            server.signal(SIGUSR2)
            let log = try server.log.wait(for: "upgrade refused")
            #expect(log.contains("exit code 3"))
            #expect(try server.settledReport().children == before)
            let answer = try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
            #expect(answer.status == 200)
            try server.stop(errors: ["upgrade refused"])
        }
    }
}

extension Sequence<UInt8> {
    fileprivate func contains(_ text: String) -> Bool {
        String(decoding: Array(self), as: UTF8.self).contains(text)
    }
}
