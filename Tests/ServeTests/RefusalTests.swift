import Foundation
import Testing

extension ServeTests {
    @Suite("What cannot be served")
    struct RefusalTests {
        @Test("a model that cannot be loaded ends the server with a sentence and exit code 65")
        func broken() throws {
            let server = try TestServer(arguments: [Fixture.iris, Fixture.broken, "--workers", "1"])
            #expect(try server.waitForExit(within: .seconds(60)) == 65)
            let sentences = server.log.text.split(separator: "\n").filter { $0.hasPrefix("apus: ") }
            #expect(sentences.count == 1)
            #expect(sentences.first?.contains("Acme") == true, "\(sentences)")
            #expect(server.output.text == "")
            try server.expectNothingLeft(errors: ["model cannot be loaded"])
            #expect(!FileManager.default.fileExists(atPath: server.runtimeDirectory))
        }

        @Test("a port that is taken ends the server with a sentence and exit code 71, and leaves no folder")
        func portTaken() throws {
            let first = try TestServer(Fixture.iris, "--workers", "1")
            let address = "127.0.0.1:\(first.port)"
            let second = try TestServer(arguments: [Fixture.iris, "--listen", address])
            #expect(try second.waitForExit() == 71)
            #expect(second.log.text.contains("apus: cannot listen on \(address): "))
            #expect(second.log.text.contains("--listen"))
            try second.expectNothingLeft()
            #expect(!FileManager.default.fileExists(atPath: second.runtimeDirectory))
            try first.stop()
        }

        @Test("a runtime directory that another server uses is not shared, and that server goes on")
        func directoryInUse() throws {
            let first = try TestServer(Fixture.iris, "--workers", "1")
            let second = try TestServer(arguments: [
                Fixture.iris, "--runtime-dir", first.runtimeDirectory,
            ])
            #expect(try second.waitForExit() == 73)
            #expect(second.log.text.contains("another apus runs in \(first.runtimeDirectory)"))
            try second.expectNothingLeft()
            #expect(try first.report().supervisor == first.process)
            try first.stop()
        }
    }
}
