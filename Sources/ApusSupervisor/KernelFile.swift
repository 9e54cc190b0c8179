import Glibc

/// Files that the kernel makes when they are read (proc(5)).
enum KernelFile {
    /// More is not read.
    private static let byteLimit = 1 << 20

    /// All of it; nil when it is not there, or empty.
    static func text(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        while bytes.count < byteLimit {
            let count = withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { chunk in
                let count = read(file, chunk.baseAddress, chunk.count)
                if count > 0 { bytes.append(contentsOf: chunk[..<count]) }
                return count
            }
            guard count > 0 else { break }
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// The fields of `/proc/PID/stat` behind the name, which may have spaces and parentheses in it: the state is the first,
    /// field 3 of the manual.
    static func fields(ofProcess process: pid_t) -> [Substring]? {
        guard let text = text(of: "/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
