import ApusConfiguration
import ApusLog
import Foundation
import Testing

@Suite("Keys")
struct KeyTests {
    @Test("a key's flag and variable are made from its name")
    func spellings() throws {
        let key = try #require(Key.all.first { $0.name == "max-batch" })
        #expect(key.flag == "--max-batch")
        #expect(key.variable == "APUS_MAX_BATCH")
    }

    @Test("no two keys have one name, and every key is explained in one line")
    func unique() {
        #expect(Set(Key.all.map(\.name)).count == Key.all.count)
        for key in Key.all {
            #expect(!key.doc.isEmpty && !key.doc.hasSuffix(".") && !key.doc.contains("\n"), "\(key.name)")
        }
    }

    @Test("what `apus check` prints is a file that gives the same configuration")
    func roundTrip() throws {
        let file = """
            listen: "[::1]:9000"
            workers: 3
            models:
              - /m/a.onnx
              - {name: b, path: "/m/b \\"x\\".onnx", workers: 5, batching: "off"}
            """
        let first = try resolve(file: file)
        let second = try resolve(file: first.text)
        #expect(second.configuration == first.configuration)
        #expect(first.text.contains("proxies: 1  # default"))
    }

    @Test("a relative path in a file starts at the folder of the file")
    func relativePaths() throws {
        let text = "onnxruntime: lib/ort.so\nmodels:\n  - x=m/a.onnx\n  - path: /abs.onnx"
        let file = try ConfigurationFile(text, path: "/etc/apus/apus.yaml")
        #expect(file.settings.map(\.text) == ["/etc/apus/lib/ort.so"])
        #expect(file.models?.map(\.reference.path) == ["/etc/apus/m/a.onnx", "/abs.onnx"])
    }

    @Test("an empty file says nothing", arguments: ["", "\n", "# only a comment\n"])
    func emptyFile(_ text: String) throws {
        let file = try ConfigurationFile(text, path: "apus.yaml")
        #expect(file.settings.isEmpty && file.models == nil && file.errors.isEmpty)
    }

    @Test("the README's tables are those that the declarations give")
    func readme() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        #expect(text.contains(KeyTable.markdown), "`apus check --keys` prints the table of keys")
        #expect(text.contains(ExitStatus.markdown), "`apus check --exit-statuses` prints the other one")
    }
}
