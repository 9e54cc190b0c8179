import Foundation
import Glibc

/// A supervisor's admin socket in a folder of its own, for one question.
final class OneAnswerServer: @unchecked Sendable {
    let directory: String
    private let listener: Int32
    private let finished = DispatchSemaphore(value: 0)
    private(set) var question = ""

    /// - Parameter answer: sent to whoever connects, once a line came; nil hangs up at once.
    init(_ answer: String?, in directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("\(directory)/admin.sock".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(listener, 8) == 0 else { throw CocoaError(.fileWriteUnknown) }
        Thread { [self] in
            defer { finished.signal() }
            repeat {} while !serve(answer)
        }.start()
    }

    /// Ends the server and waits for its thread.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        finished.wait()
        close(listener)
    }

    /// True when there is nothing more to do.
    private func serve(_ answer: String?) -> Bool {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return true }
        defer { close(client) }
        guard let answer else { return false }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(client, &buffer, buffer.count, 0)
        guard count > 0 else { return false }  // only looked whether we are here
        question = String(decoding: buffer[..<count], as: UTF8.self)
        let bytes = Array(answer.utf8)
        send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        return false
    }
}

/// Runs `body` with the path of a new folder, short enough for sockets.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = "/tmp/apus-test-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}
