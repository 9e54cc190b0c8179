import Foundation
import Testing

extension ServeTests {
    @Suite("Versions")
    struct VersionTests {
        private func models() throws -> ModelFolder {
            let models = ModelFolder()
            models.make("iris")
            for version in 1...3 { try models.put(try ModelFolder.iris("\(version)"), at: "iris/\(version)/model.onnx") }
            return models
        }

        private func versions(_ server: TestServer) throws -> String {
            let answer = try server.ask("GET", "/v2/models/iris")
            return (answer.json["versions"] as? [String] ?? []).joined(separator: " ")
        }

        @Test("several versions are served at once, each at its own path; the highest is meant when none is named")
        func several() throws {
            let models = try models()
            let server = try TestServer("\(models.path)/iris", "--workers", "1", "--versions", "latest:2")
            _ = try server.settledReport()
            #expect(try versions(server) == "2 3")
            #expect(try server.askIris() == "200 iris/3")
            #expect(try server.askIris("/v2/models/iris/versions/2/infer") == "200 iris/2")
            #expect(try server.askIris("/v2/models/iris/versions/1/infer") == "404 ")
            try server.stop()
        }

        @Test("the configuration is read again by a reload: other versions, and labels for them")
        func configured() throws {
            let models = try models()
            func configure(_ versions: String) throws {
                let text = "models: [{path: iris, versions: \(versions), labels: {stable: 1}, workers: 1}]"
                try models.put(Data(text.utf8), at: "apus.yaml")
            }
            try configure("[1, 2]")
            let server = try TestServer("--config", "\(models.path)/apus.yaml")
            let before = try server.settledReport().models
            #expect(before.map(\.version) == [1, 2] && before.map(\.labels) == [["stable"], []])
            try configure("all")
            #expect(try server.admin("reload wait").hasPrefix("ok"))
            try server.waitFor("1 2 3") { try versions(server) }
            try configure("latest:1")
            #expect(try server.admin("reload wait").hasPrefix("ok"))
            try server.waitFor("3") { try versions(server) }
            try configure("[9")
            #expect(try server.admin("reload wait").hasPrefix("error "))
            #expect(try server.askIris() == "200 iris/3")
            try server.stop(errors: ["reload refused"])
        }

        @Test("a switch of versions is one step, and every answer names the version that gave it")
        func swap() throws {
            let models = try models()
            let server = try TestServer("\(models.path)/iris", "--workers", "1", "--reload", "manual")
            let connection = try server.connect()
            for version in [2, 3, 2, 3] {
                if version == 2 {
                    rename("\(models.path)/iris/3", "\(models.path)/iris/away")
                } else {
                    rename("\(models.path)/iris/away", "\(models.path)/iris/3")
                }
                let mark = server.log.mark
                server.signal(SIGHUP)
                var last = ""
                repeat {
                    let answer = try connection.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow)
                    #expect(answer.status == 200)
                    last = answer.fields["x-apus-model"] ?? ""
                    #expect(last == "iris/\(answer.json["model_version"] ?? "")")
                } while last != "iris/\(version)"
                try server.log.wait(for: "version removed", since: mark)
            }
            try server.stop()
        }
    }
}
