import ApusAdmin
import Testing

@Suite("Asking the supervisor")
struct AdminClientTests {
    func ask(_ answer: String?) throws -> (question: String, payload: String) {
        try withFolder { folder in
            let server = try OneAnswerServer(answer, in: folder)
            defer { server.stop() }
            let payload = try AdminClient(runtimeDirectory: folder).ask("reload wait", within: 5)
            return (server.question, String(decoding: payload, as: UTF8.self))
        }
    }

    @Test("the question is one line; what follows `ok` is the payload, however long")
    func payload() throws {
        let long = String(repeating: "{\"a\":1}\n", count: 40_000)
        let answered = try ask("ok\n" + long)
        #expect(answered.question == "reload wait\n")
        #expect(answered.payload == long)
        #expect(try ask("ok\n").payload == "")
    }

    @Test("a refusal is the supervisor's own sentence")
    func refusal() {
        #expect(throws: AdminError.refused("iris cannot be loaded: it is not ONNX")) {
            try ask("error iris cannot be loaded: it is not ONNX\n")
        }
    }

    @Test("an answer of another form is refused", arguments: ["ok", "fine\n{}", "", "OK\n"])
    func broken(_ answer: String) {
        let error = #expect(throws: AdminError.self) { try ask(answer.isEmpty ? nil : answer) }
        switch error {
        case .brokenAnswer, .unreachable: break  // a server that hangs up may do so before our line
        case nil, .noServer, .severalServers, .refused: Issue.record("\(String(describing: error))")
        }
    }

    @Test("a socket without a supervisor is unavailable")
    func unreachable() throws {
        try withFolder { folder in
            let error = AdminError.unreachable(
                socket: "\(folder)/admin.sock", reason: "No such file or directory")
            #expect(throws: error) { try AdminClient(runtimeDirectory: folder).ask("status", within: 1) }
        }
    }
}

@Suite("Finding the server")
struct ServerSearchTests {
    func search(_ folder: String, _ variables: [String: String] = [:]) -> ServerSearch {
        var search = ServerSearch(environment: variables.merging(["XDG_RUNTIME_DIR": "\(folder)/s"]) { mine, _ in mine })
        search.systemDirectory = "\(folder)/run"
        search.temporaryDirectory = "\(folder)/t"
        search.userID = 7
        return search
    }

    @Test("what is said is believed, the flag first")
    func said() throws {
        let search = search("/nowhere", ["APUS_RUNTIME_DIR": "/b"])
        #expect(try search.runtimeDirectory(flag: "/a") == "/a")
        #expect(try search.runtimeDirectory(flag: nil) == "/b")
    }

    @Test("the only server that answers is found; what a killed one left is passed over")
    func only() throws {
        try withFolder { folder in
            let dead = try OneAnswerServer("ok\n", in: "\(folder)/t/apus-7-1")
            dead.stop()
            let foreign = try OneAnswerServer("ok\n", in: "\(folder)/t/apus-8-1")
            defer { foreign.stop() }
            #expect(throws: AdminError.self) { try search(folder).runtimeDirectory(flag: nil) }
            let live = try OneAnswerServer("ok\n", in: "\(folder)/s/apus-2")
            defer { live.stop() }
            #expect(try search(folder).runtimeDirectory(flag: nil) == "\(folder)/s/apus-2")
        }
    }

    @Test("of several servers none is chosen, and the sentence lists them; the system's wins")
    func several() throws {
        try withFolder { folder in
            let servers = try ["s/apus-2", "t/apus-7-3"].map { try OneAnswerServer("ok\n", in: "\(folder)/\($0)") }
            defer { servers.forEach { $0.stop() } }
            let found = AdminError.severalServers(["\(folder)/s/apus-2", "\(folder)/t/apus-7-3"])
            #expect(throws: found) { try search(folder).runtimeDirectory(flag: nil) }
            let system = try OneAnswerServer("ok\n", in: "\(folder)/run")
            defer { system.stop() }
            #expect(try search(folder).runtimeDirectory(flag: nil) == "\(folder)/run")
        }
    }
}
