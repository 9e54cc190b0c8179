import Foundation
import Testing

extension ServeTests {
    @Suite("Reload")
    struct ReloadTests {
        @Test("a model that never ends its self-test is refused when its time is up, and the old one serves on")
        func endless() throws {
            let models = ModelFolder()
            try models.putSlow()
            let server = try TestServer(
                "\(models.path)/slow.onnx", "--workers", "1", "--reload", "manual", "--load-timeout", "5000")
            let before = try server.settledReport().models[0]
            try models.putEndlessExample()
            let answer = try server.admin("reload wait")
            #expect(answer.hasPrefix("error ") && answer.contains("within 5000 ms"), "\(answer)")
            let after = try server.settledReport().models[0]
            #expect(after.reason.contains("within 5000 ms") && after.generation == before.generation)
            #expect(after.workers.map(\.pid) == before.workers.map(\.pid))
            #expect(try server.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1)).status == 200)
            try server.stop(errors: ["did not load in time", "reload refused"])
        }

        @Test("whoever waits for a reload is told when the server ends first")
        func stopped() throws {
            let models = ModelFolder()
            try models.putSlow()
            let server = try TestServer("\(models.path)/slow.onnx", "--workers", "1", "--reload", "manual")
            try models.putEndlessExample()
            let waiting = try (0..<2).map { _ in try Connection(path: "\(server.runtimeDirectory)/admin.sock") }
            for one in waiting {
                let mark = server.log.mark
                try one.send("reload wait\n")
                if one === waiting[0] { try server.log.wait(for: "reloading", since: mark) }
            }
            _ = try server.report()
            server.signal(SIGTERM)
            for one in waiting {
                #expect(String(decoding: try one.readToEnd(), as: UTF8.self) == "error the server is stopping\n")
            }
            try server.stop()
        }

        /// A model file of the test's own, which it may replace.
        final class ModelFile {
            let folder = "/tmp/apus-model-\(getpid())-\(UInt32.random(in: 0...(.max)))"
            var path: String { "\(folder)/model.onnx" }

            init(_ source: String) throws {
                mkdir(folder, 0o700)
                try replace(by: FileManager.default.contents(atPath: source))
            }

            deinit { try? FileManager.default.removeItem(atPath: folder) }

            /// Names the columns of the only input.
            func describe(_ columns: [String]) throws {
                let text = "inputs:\n" + columns.map { "  - name: \($0)\n" }.joined()
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/schema.yaml"), options: .atomic)
            }

            /// Renames a new file into the old one's place.
            func replace(by bytes: Data?) throws {
                let bytes = try #require(bytes)
                try bytes.write(to: URL(fileURLWithPath: "\(path).new"))
                rename("\(path).new", path)
            }
        }

        @Test("HUP replaces every process of a model, and nobody notices")
        func hangup() throws {
            let file = try ModelFile(Fixture.irisFile)
            let server = try TestServer("iris=\(file.path)", "--workers", "2")
            let before = try server.settledReport().models[0]
            let connection = try server.connect()
            let mark = server.log.mark
            server.signal(SIGHUP)
            try server.log.wait(for: "model reloaded", since: mark)
            for _ in 0..<50 {
                #expect(
                    try connection.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow).status == 200)
            }
            let after = try server.settledReport().models[0]
            #expect(after.generation > before.generation)
            #expect(Set(after.workers.map(\.pid)).isDisjoint(with: before.workers.map(\.pid)))
            #expect(after.template.pid != before.template.pid)
            try server.stop()
        }

        @Test("a request that is under way is answered by the generation that has it")
        func underWay() throws {
            let file = try ModelFile(Fixture.slowFile)
            let server = try TestServer("slow=\(file.path)", "--workers", "1")
            let connection = try server.connect()
            try connection.request("POST", "/v2/models/slow/infer", body: Fixture.turns(Fixture.aWhile))
            try server.connect().settle()
            #expect(try server.admin("reload wait").hasPrefix("ok"))
            #expect(try connection.read().status == 200)
            #expect(
                try connection.ask("POST", "/v2/models/slow/infer", body: Fixture.turns(1)).status == 200)
            try server.stop()
        }

        @Test("many reloads at once are few, and no request is lost")
        func many() throws {
            let file = try ModelFile(Fixture.irisFile)
            let server = try TestServer("iris=\(file.path)", "--workers", "1")
            let connection = try server.connect()
            for _ in 0..<20 {
                server.signal(SIGHUP)
                #expect(
                    try connection.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow).status == 200)
            }
            #expect(try server.admin("reload wait").hasPrefix("ok"))
            #expect(
                try connection.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow).status == 200)
            try server.stop()
        }

        @Test("a version whose columns changed is refused by name, and the old one serves on")
        func schemaChange() throws {
            let file = try ModelFile(Fixture.irisFile)
            let columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
            try file.describe(columns)
            let server = try TestServer("iris=\(file.path)", "--workers", "1")
            let before = try server.settledReport().models[0]
            try file.describe(["sepal_length", "width", "petal_length", "petal_width"])
            let answer = try server.admin("reload wait")
            #expect(answer.hasPrefix("error iris: "))
            #expect(answer.contains("column 'sepal_width' was renamed to 'width'"))
            #expect(answer.contains("--allow-schema-change"))
            #expect(
                try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow).status == 200)
            #expect(try server.settledReport().models[0].generation == before.generation)
            #expect(try server.admin("reload wait allow-schema-change").hasPrefix("ok"))
            try server.stop(errors: ["reload refused"])
        }

        @Test("a retyped input is served when schemas may change")
        func schemaChangeAllowed() throws {
            let file = try ModelFile(Fixture.small("identity_float"))
            let server = try TestServer("m=\(file.path)", "--workers", "1", "--allow-schema-change")
            let mark = server.log.mark
            try file.replace(by: FileManager.default.contents(atPath: Fixture.small("identity_double")))
            #expect(try server.admin("reload wait").hasPrefix("ok"))
            try server.log.wait(for: "input 'x' was FP32 and is now FP64", since: mark)
            try server.stop()
        }

        @Test("a version that gives other answers than its baseline's estimator is refused, and the old one serves on")
        func golden() throws {
            let file = try ModelFile(Fixture.small("identity_float"))
            let server = try TestServer("m=\(file.path)", "--workers", "1")
            let before = try server.settledReport().models[0]
            let baseline = #"{"format":"apus.baseline/1","golden":[{"inputs":{"x":[[1,2]]},"outputs":{"y":[[1,2.25]]}}]}"#
            try Data(baseline.utf8).write(to: URL(fileURLWithPath: "\(file.folder)/baseline.json"), options: .atomic)
            let answer = try server.admin("reload wait")
            #expect(answer.contains("output 'y' differs by 0.25; 0.0001 is allowed"), "\(answer)")
            #expect(try server.settledReport().models[0].generation == before.generation)
            try server.stop(errors: ["reload refused"])
        }

        @Test("a file that is no model is refused with a sentence, and the old version serves on")
        func broken() throws {
            let file = try ModelFile(Fixture.irisFile)
            let server = try TestServer("iris=\(file.path)", "--workers", "1")
            let before = try server.settledReport().models[0]
            try file.replace(by: Data("no model".utf8))
            let answer = try server.admin("reload wait")
            #expect(answer.hasPrefix("error iris: "))
            #expect(answer.contains("not an ONNX model"))
            #expect(
                try server.ask("POST", "/v2/models/iris/infer", body: Fixture.irisRow).status == 200)
            let after = try server.settledReport().models[0]
            #expect(after.generation == before.generation)
            #expect(after.workers.map(\.pid) == before.workers.map(\.pid))
            try file.replace(by: FileManager.default.contents(atPath: Fixture.irisFile))
            #expect(try server.admin("reload wait").hasPrefix("ok"))
            try server.stop(errors: ["reload refused"])
        }
    }
}
