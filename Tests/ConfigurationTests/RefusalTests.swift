import ApusConfiguration
import Testing

@Suite("What is refused")
struct RefusalTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var flags: [String: String] = [:]
        var models: [String] = []
        var environment: [String: String] = [:]
        var file: String?
        let sentence: String
    }

    @Test("a mistake is one sentence that says where, what was found, and what is expected", arguments: [
        Row(testDescription: "a misspelt key", file: "workers: 2\nmax-bach: 3",
            sentence: "unknown key 'max-bach' in FILE line 2; did you mean 'max-batch'?"),
        Row(testDescription: "a key with underscores", file: "max_batch: 3",
            sentence: "unknown key 'max_batch' in FILE line 1; did you mean 'max-batch'?"),
        Row(testDescription: "a key that is like no other", file: "volume: 11",
            sentence: "unknown key 'volume' in FILE line 1"),
        Row(testDescription: "a misspelt key of one model", file: "models:\n  - path: /a.onnx\n    wrokers: 2",
            sentence: "unknown key 'wrokers' in FILE line 3; did you mean 'workers'?"),
        Row(testDescription: "a key of the server in a model", file: "models:\n  - {path: /a.onnx, listen: 1}",
            sentence: "unknown key 'listen' in FILE line 2"),
        Row(testDescription: "the file's own key in the file", file: "config: other.yaml",
            sentence: "unknown key 'config' in FILE line 1"),
        Row(testDescription: "a misspelt variable", environment: ["APUS_MAX_BACH": "3"],
            sentence: "unknown variable 'APUS_MAX_BACH'; did you mean 'APUS_MAX_BATCH'?"),
        Row(testDescription: "below the range", flags: ["workers": "0"],
            sentence: "'workers' is '0' (--workers); auto or a whole number from 1 to 1024 is expected"),
        Row(testDescription: "above the range", environment: ["APUS_PROXIES": "257"],
            sentence: "'proxies' is '257' (APUS_PROXIES); auto or a whole number from 1 to 256 is expected"),
        Row(testDescription: "a number with a sign", flags: ["max-delay": "+5"],
            sentence: "'max-delay' is '+5' (--max-delay); a whole number of milliseconds from 0 to 60000 is expected"),
        Row(testDescription: "a number beyond Int", flags: ["queue": "99999999999999999999"],
            sentence: "'queue' is '99999999999999999999' (--queue); "
                + "a whole number of requests from 1 to 1000000 is expected"),
        Row(testDescription: "a decimal unit", file: "max-body: 64MB",
            sentence: "'max-body' is '64MB' (FILE line 1); a number of bytes from 1 to 2147483647, "
                + "such as 65536, 64KiB, 64MiB or 1GiB, is expected"),
        Row(testDescription: "an unknown choice", flags: ["batching": "maybe"],
            sentence: "'batching' is 'maybe' (--batching); one of auto, on, off is expected"),
        Row(testDescription: "yes for true", file: "access-log: yes",
            sentence: "'access-log' is 'yes' (FILE line 1); true or false is expected"),
        Row(testDescription: "a key without its value", file: "proxies:",
            sentence: "'proxies' is '' (FILE line 1); auto or a whole number from 1 to 256 is expected"),
        Row(testDescription: "a list where a value is wanted", file: "proxies: [1]",
            sentence: "'proxies' has the wrong form (FILE line 1); auto or a whole number from 1 to 256 is expected"),
        Row(testDescription: "a model's own value out of range", file: "models:\n  - path: /a.onnx\n    queue: 0",
            sentence: "'queue' is '0' (FILE line 3); a whole number of requests from 1 to 1000000 is expected"),
        Row(testDescription: "a model's own value that a flag overrides, wrong all the same",
            flags: ["queue": "5"], file: "models:\n  - path: /a.onnx\n    queue: 0",
            sentence: "'queue' is '0' (FILE line 3); a whole number of requests from 1 to 1000000 is expected"),
        Row(testDescription: "a host's name", flags: ["listen": "example.org:80"],
            sentence: "'listen' is 'example.org:80' (--listen); HOST:PORT with a numeric address or localhost "
                + "(an IPv6 address in brackets) is expected"),
        Row(testDescription: "models that are no list", file: "models: a.onnx",
            sentence: "'models' has the wrong form (FILE line 1); a list of models is expected"),
        Row(testDescription: "a model without a path", file: "models:\n  - name: a",
            sentence: "a model has no path (FILE line 2); a file or a folder is expected"),
        Row(testDescription: "a name without a path", models: ["iris="],
            sentence: "a model has no path (MODEL); a file or a folder is expected"),
        Row(testDescription: "a name that is not allowed", models: [".iris=/a.onnx"],
            sentence: "'.iris' cannot name a model: a name has 1 to 128 letters, digits, spaces or ._- "
                + "and does not begin with a dot; give another one as NAME=MODEL (MODEL)"),
        Row(testDescription: "a file that is a list", file: "- a",
            sentence: "'FILE' has the wrong form (FILE line 1); a mapping of keys to values is expected"),
    ])
    func refuses(_ row: Row) {
        let found = sentences(flags: row.flags, models: row.models, environment: row.environment, file: row.file)
        #expect(found == [row.sentence])
    }

    @Test("text that is not YAML is refused with its line", arguments: [
        ("proxies: 1\nlisten: \"127", 2), ("proxies: 1\n  queue: 3", 2), ("a: [1, 2\nb: 3", 2),
    ])
    func notYAML(_ text: String, _ line: Int) throws {
        let found = try #require(sentences(file: text).first)
        #expect(found.hasPrefix("FILE line "), "\(found)")
        #expect(found.contains(" is not valid YAML: "))
        let number = found.dropFirst("FILE line ".count).prefix { $0.isNumber }
        let told = try #require(Int(number))
        #expect((line...line + 1).contains(told), "the parser may notice at the next line")
    }

    @Test("a key that stands twice is refused")
    func twice() throws {
        let found = try #require(sentences(file: "proxies: 1\nproxies: 2").first)
        #expect(found.contains("proxies"))
        #expect(found.contains("more than once"))
    }

    @Test("a file that is not there is refused with the system's reason")
    func missingFile() {
        let found = sentences(environment: ["APUS_CONFIG": "/nowhere/apus.yaml"])
        #expect(found == ["cannot read the configuration file /nowhere/apus.yaml: No such file or directory"])
    }

    @Test("all mistakes are told at once, the file's first")
    func all() {
        let found = sentences(
            flags: ["workers": "0"], environment: ["APUS_QUEU": "1"], file: "proxis: 1\nqueue: none")
        #expect(found.count == 4)
        #expect(found.first == "unknown key 'proxis' in FILE line 1; did you mean 'proxies'?")
        #expect(found.last?.hasPrefix("'workers' is '0'") == true)
    }

    @Test("a server without a model does not start")
    func nothing() {
        #expect(sentences(mustServe: true).first?.hasPrefix("there is no model to serve") == true)
        #expect(sentences(flags: ["repository": "/models"], mustServe: true) == [])
        #expect(sentences(models: ["a.onnx"], mustServe: true) == [])
    }

    @Test("other programs' variables are left alone")
    func foreignVariables() {
        #expect(sentences(environment: ["PATH": "/bin", "ORT_LOG": "1", "XAPUS_QUEUE": "x"]) == [])
    }
}
