import Foundation

/// Runs `body` with the path of a file that holds `text`, in a folder of its own.
func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("apus.yaml")
    try Data(text.utf8).write(to: file)
    return try body(file.path)
}

/// `sentence` with FILE for the path of a file of `withFile`.
func withoutFolder(_ sentence: String) -> String {
    sentence.replacing(#/[^ (']*/apus-test-[^/]*/apus\.yaml/#, with: "FILE")
}
