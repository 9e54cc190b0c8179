import ApusWire
import Testing

@Suite("Names in the OpenAPI document")
struct OpenAPINamesTests {
    @Test("two models never share a schema's key")
    func distinct() {
        let names = ["a b", "a.b", "a_b", "a-b", "a._b", "a. b", "a..b", "a .b", "a", "a.1", "a.1.1"]
        let keys = names.flatMap { name in
            [1, 11].map { OpenAPINames.schemaPrefix(name: name, version: $0) + "Row" }
        }
        #expect(Set(keys).count == keys.count)
    }

    @Test("a key has only characters that OpenAPI allows, a path no space")
    func characters() {
        let key = OpenAPINames.schemaPrefix(name: "A z.0_-", version: 3)
        #expect(key.utf8.allSatisfy { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8.contains($0) })
        #expect(OpenAPINames.pathSegment(name: "two words") == "two%20words")
    }
}
