import Testing

@testable import ApusWire

@Suite("HTTP path segments")
struct HTTPPathSegmentsTests {
    /// All segments, decoded. Nil for one that is not UTF-8.
    static func segments(_ path: String) throws(HTTPParseError) -> [String?] {
        let memory = GuardedBytes(Array(path.utf8))
        var segments = PathSegments(memory.copy(Array(path.utf8)[...]))
        var texts: [String?] = []
        while let segment = try segments.next() { texts.append(segment.text) }
        return texts
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let path: String
        let segments: [String?]
    }

    @Test(
        "a path is split at its slashes, each part is decoded",
        arguments: [
            Row(
                testDescription: "three", path: "/v2/models/iris",
                segments: ["v2", "models", "iris"]),
            Row(testDescription: "a slash at the end", path: "/v2/", segments: ["v2", ""]),
            Row(testDescription: "root", path: "/", segments: [""]),
            Row(testDescription: "none, after a host", path: "", segments: [""]),
            Row(testDescription: "asterisk", path: "*", segments: ["*"]),
            Row(testDescription: "two slashes", path: "//x", segments: ["", "x"]),
            Row(testDescription: "dots mean nothing", path: "/../x", segments: ["..", "x"]),
            Row(testDescription: "a space", path: "/a%20b", segments: ["a b"]),
            Row(
                testDescription: "a slash within a name", path: "/a%2Fb/c", segments: ["a/b", "c"]),
            Row(testDescription: "an escape is decoded once", path: "/%2541", segments: ["%41"]),
            Row(testDescription: "two bytes of one letter", path: "/%C3%a9", segments: ["é"]),
            Row(testDescription: "not UTF-8", path: "/%ff", segments: [nil]),
        ])
    func splits(_ row: Row) throws {
        #expect(try Self.segments(row.path) == row.segments)
    }

    @Test("an escape that is none is refused", arguments: ["/%", "/%2", "/%zz", "/a%2/b", "/%%41"])
    func invalidEscapes(_ path: String) {
        #expect(throws: HTTPParseError.invalidEscape) { try Self.segments(path) }
    }

    @Test(
        "an escaped control character is refused",
        arguments: [0, 0x0A, 0x0D, 0x1F, 0x7F] as [UInt8])
    func escapedControls(_ byte: UInt8) {
        let digits = String(UInt16(byte) + 0x100, radix: 16).dropFirst()
        #expect(throws: HTTPParseError.escapedControl(byte)) { try Self.segments("/a%\(digits)b") }
    }

    static func first(_ path: String, _ check: (PathSegment) -> Void) throws {
        let bytes = Array(path.utf8)
        try bytes.withUnsafeBytes {
            var segments = PathSegments($0)
            check(try #require(try segments.next()))
        }
    }

    @Test("a segment is compared as decoded")
    func compares() throws {
        try Self.first("/mod%65ls") { segment in
            #expect(segment.isEscaped)
            #expect(segment == "models")
            #expect(!(segment == "mod%65ls"))
            #expect(!(segment == "model"))
            #expect(!(segment == "modelss"))
        }
        try Self.first("/models") { segment in
            #expect(!segment.isEscaped)
            #expect(segment == "models")
            #expect(!(segment == "Models"))
            #expect(!(segment == ""))
        }
    }

    @Test("a verb is split off at the last colon that is not escaped")
    func splitsLast() throws {
        try Self.first("/a:b%3Ac:predict") { segment in
            let parts = segment.splitLast(UInt8(ascii: ":"))
            #expect(parts?.0.text == "a:b:c")
            #expect(parts?.1.text == "predict")
        }
        try Self.first("/a%3Apredict") { #expect($0.splitLast(UInt8(ascii: ":")) == nil) }
    }

    @Test("a version is a decimal number and nothing else")
    func numbers() throws {
        for (path, number) in [
            ("/3", 3), ("/0", 0), ("/03", nil), ("/-1", nil), ("/3a", nil), ("/", nil),
            ("/99999999999999999999", nil), ("/%33", nil),
        ] as [(String, Int?)] {
            try Self.first(path) { #expect($0.number == number, "\(path)") }
        }
    }

    @Test("a segment is decoded into the caller's memory")
    func decodesInto() throws {
        var memory = [UInt8](repeating: 0, count: 7)
        try Self.first("/a%20b%21") { segment in
            let count = memory.withUnsafeMutableBytes { memory in
                UnsafeMutableRawBufferPointer.allocate(byteCount: 9, alignment: 1).use { large in
                    let count = segment.decode(into: large)
                    memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: large[..<count]))
                    return count
                }
            }
            #expect(count == 4)
        }
        #expect(memory[..<4] == [UInt8]("a b!".utf8)[...])
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Runs `body` on this memory, then frees it.
    func use<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        defer { deallocate() }
        return body(self)
    }
}
