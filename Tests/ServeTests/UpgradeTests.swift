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
