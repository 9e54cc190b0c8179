import Glibc

/// What lies at a path, as far as finding models goes. Symbolic links are followed.
enum Folder {
    enum Kind: Equatable { case file, folder, other, missing(reason: String) }

    /// What is in a folder, sorted by name, without hidden entries.
    static func entries(_ path: String) throws(RepositoryError) -> [String] {
        guard let stream = opendir(path) else {
            throw .missing(path: path, reason: String(cString: strerror(errno)))
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    static func kind(_ path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing(reason: String(cString: strerror(errno))) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// The whole of a small text file; nil if it cannot be read or has more than `limit` bytes.
    static func text(_ path: String, limit: Int) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: min(limit, 64 << 10) + 1)
        var filled = 0
        while filled <= limit {
            if filled == bytes.count { bytes += [UInt8](repeating: 0, count: min(bytes.count, limit + 1 - filled)) }
            let count = bytes.withUnsafeMutableBytes {
                read(file, $0.baseAddress! + filled, $0.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes[..<filled], as: UTF8.self) }
            filled += count
        }
        return nil
    }

    /// The absolute path without symbolic links; the path itself if there is nothing at it.
    static func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    static func join(_ folder: String, _ name: String) -> String {
        folder.hasSuffix("/") ? folder + name : folder + "/" + name
    }

    /// What a path calls the thing at it: its last component, or, for `.`, `..` and `/`, that of the
    /// absolute path.
    static func name(_ path: String) -> String {
        let last = path.split(separator: "/").last
        if let last, last != ".", last != ".." { return String(last) }
        return absolute(path).split(separator: "/").last.map(String.init) ?? ""
    }

    /// The folder that a path lies in, `.` for a bare name.
    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
