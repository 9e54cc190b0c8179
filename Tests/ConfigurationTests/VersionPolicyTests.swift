import ApusConfiguration
import ApusModel
import Testing

@Suite("Versions and labels")
struct VersionPolicyTests {
    private static let three = [1, 2, 10].map { ModelLocation.Version(number: $0, path: "/m/\($0)/model.onnx") }

    @Test("a policy chooses among the versions that are there", arguments: [
        ("latest:1", [10]), ("latest:2", [2, 10]), ("latest:9", [1, 2, 10]), ("all", [1, 2, 10]), ("2", [2]),
        ("10,1,7", [1, 10]), ("3", []),
    ])
    func chooses(_ text: String, _ numbers: [Int]) throws {
        let policy = try #require(VersionPolicy(text))
        #expect(policy.choose(from: Self.three).map(\.number) == numbers)
        #expect(policy.description == text)
    }

    @Test("what is no policy is refused", arguments: ["", "latest", "latest:", "latest:0", "0", "1,", "-1", "1;2", "ALL"])
    func refusesPolicy(_ text: String) { #expect(VersionPolicy(text) == nil) }

    @Test("labels name versions; one name, one version")
    func labels() throws {
        let labels = try #require(VersionLabels("stable:3,canary:4,old:3"))
        #expect(labels.names(of: 3) == ["old", "stable"] && labels.names(of: 5) == [])
        #expect(labels.description == "canary:4,old:3,stable:3")
        #expect(VersionLabels("")?.versions == [:])
    }

    @Test("what are no labels is refused", arguments: ["a", "a:", ":1", "a:0", "a:x", "a:1,a:2", "a:1,", ".a:1", "a:1:2"])
    func refusesLabels(_ text: String) { #expect(VersionLabels(text) == nil) }

    @Test("a file may write them as lists and mappings")
    func fileForms() throws {
        let file = """
            models:
              - {path: /a.onnx, versions: {latest: 2}, labels: {stable: 3, canary: 4}}
              - {path: /b.onnx, versions: [1, 3]}
              - {path: /c.onnx, versions: all, labels: "x:1"}
            """
        let models = try resolve(file: file).configuration.models.map(\.settings)
        #expect(models.map(\.versions) == [.latest(2), .these([1, 3]), .all])
        #expect(models.map(\.labels.description) == ["canary:4,stable:3", "", "x:1"])
    }
}
