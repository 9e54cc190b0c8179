/// What the server said with statuses that are not 2xx: the first answer of each.
package struct RefusalExamples {
    /// Of a text, more is not kept.
    private static let byteLimit = 200
    private static let statusLimit = 5

    /// In the order in which they came.
    package private(set) var examples: [(status: Int, text: String)] = []

    package init() {}

    /// - Parameter body: may be only its beginning.
    package mutating func note(_ body: UnsafeRawBufferPointer, _ head: ResponseHead) {
        guard examples.count < Self.statusLimit, !examples.contains(where: { $0.status == head.status }) else { return }
        let plain = head.isGzip ? (try? Gzip.inflate(body)) ?? [] : Array(body)
        var text = String(decoding: plain.prefix(Self.byteLimit), as: UTF8.self)
        if plain.count > Self.byteLimit { text += "…" }
        // One line: whatever would move a terminal's cursor is a space.
        let line = text.unicodeScalars.map { $0.value < 32 || (127..<160).contains($0.value) ? " " : String($0) }.joined()
        examples.append((head.status, line))
    }
}
