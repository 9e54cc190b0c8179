import Glibc

/// Whole files, in and out.
package enum TextFile {
    /// The file's bytes.
    package static func bytes(_ path: String) throws(UsageError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot read", path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
        }
    }

    package static func read(_ path: String) throws(UsageError) -> String {
        String(decoding: try bytes(path), as: UTF8.self)
    }

    /// Replaces the file.
    package static func write(_ text: String, to path: String) throws(UsageError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        defer { close(descriptor) }
        guard put(text, on: descriptor) else { throw failure("cannot write", path) }
    }

    /// Writes all of `text`. False when the descriptor takes no more.
    @discardableResult
    package static func put(_ text: String, on descriptor: CInt) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var offset = 0
            while offset < bytes.count {
                let count = Glibc.write(
                    descriptor, bytes.baseAddress! + offset, bytes.count - offset)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                offset += count
            }
            return true
        }
    }

    private static func failure(_ what: String, _ path: String) -> UsageError {
        UsageError("\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
