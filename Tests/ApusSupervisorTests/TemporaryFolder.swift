import Foundation

/// A short path of a test's own, gone with this object. Nothing is there at first.
final class TemporaryFolder {
    let path = "/tmp/apus-s-\(getpid())-\(UInt32.random(in: 0...(.max)))"

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func exists(_ name: String = "") -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    func make(mode: mode_t = 0o700) {
        mkdir(path, 0o700)
        chmod(path, mode)
    }

    func write(_ name: String) throws { try Data("x".utf8).write(to: URL(filePath: "\(path)/\(name)")) }
}
