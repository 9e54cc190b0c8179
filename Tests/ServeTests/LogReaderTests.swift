import Foundation
import Testing

extension ServeTests {
    @Suite("Who reads the log")
    struct LogReaderTests {
        /// More than what a pipe and the memory of two proxies hold.
        private static let requestCount = 500
        private static let pathByteCount = 6_000
        private static let note = "lines of this log were dropped here, for they could not be written lines="

        @Test(
            "stops: everything goes on; reads again: is told how many lines are missing, and the others are whole",
            arguments: ["a pipe", "a socket"])
        func stops(_ kind: String) throws {
            let folder = ModelFolder()
            let pipe = kind == "a pipe" ? try EventPipe.make("log", at: "\(folder.path)/log") : nil
            let server = try TestServer(
                arguments: [
                    Fixture.iris, "--workers", "2", "--proxies", "2", "--access-log", "--log-level", "info",
                ], log: pipe.map { _ in "\(folder.path)/log" })
            let reader = pipe ?? server.log
            try server.waitUntilReady()
            try fill(server)

            let worker = try #require(server.report().models[0].workers.first?.pid)
            try Processes.signal(worker, SIGKILL)
            try server.waitFor("restarted") {
                let first = try server.report().models[0].workers[0]
                return first.pid != worker && first.state == "serving" ? "restarted" : "not yet"
            }
            #expect(try server.admin("reload wait") == "ok\n")
            #expect(try server.askIris() == "200 iris/1")
            try upgrade(server)

            try expectAccount(of: Self.requestCount + 1, reader)
            let mark = reader.mark
            #expect(try server.ask("GET", "/again").status == 404)
            try reader.wait(for: "path=/again ", since: mark)
            try server.stop()
            try reader.waitForEnd(within: .seconds(5))
            #expect(!reader.text.contains(" error "))
        }

        /// The proxies end that hold back the most, and count for others to tell.
        private func upgrade(_ server: TestServer) throws {
            let old = try server.report().proxies.map(\.pid)
            server.signal(SIGUSR2)
            try server.waitFor("gone") {
                Processes.inSession(server.process).contains(where: old.contains) ? "there" : "gone"
            }
        }

        /// Short lines and long ones, from all proxies.
        private func fill(_ server: TestServer) throws {
            let connections = try (0..<8).map { _ in try server.connect() }
            for number in 0..<Self.requestCount {
                let padding = String(repeating: "x", count: number % 5 == 0 ? 10 : Self.pathByteCount)
                let answer = try connections[number % 8].ask("GET", "/\(number)/\(padding)")
                try #require(answer.status == 404)
            }
        }

        /// Reads until each request is in the log, or counted as missing, and nothing else is.
        private func expectAccount(of requestCount: Int, _ reader: EventPipe) throws {
            let deadline = ContinuousClock.now + .seconds(20)
            var found = 0
            var mark = 0
            while found < requestCount, ContinuousClock.now < deadline {
                let text = reader.text
                let news = text[text.utf8.index(text.startIndex, offsetBy: mark)...]
                guard let end = news.lastIndex(of: "\n") else { continue }
                mark += news[...end].utf8.count
                found += news[..<end].split(separator: "\n").reduce(0) { $0 + account(of: $1) }
            }
            #expect(reader.text.contains(Self.note))
            #expect(found == requestCount)
        }

        /// How many requests a line stands for.
        private func account(of line: Substring) -> Int {
            let words = line.split(separator: " ")
            guard words.count > 3, words[0].hasSuffix("Z"), ["info", "warning"].contains(words[1]) else {
                Issue.record("a line is torn: \(line)")
                return 0
            }
            guard words[2].hasPrefix("proxy[") else { return 0 }
            if line.contains(Self.note) { return Int(words.last?.split(separator: "=").last ?? "") ?? 0 }
            let names = words.dropFirst(4).map { $0.prefix { $0 != "=" } }
            let wanted = ["duration_us", "method", "path", "request_bytes", "request_id", "response_bytes", "status"]
            #expect(words[3] == "access" && names.map(String.init) == wanted, "\(line)")
            return 1
        }
    }
}
