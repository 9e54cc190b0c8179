import Glibc

/// Why the runtime directory cannot be used.
package enum RuntimeDirectoryError: Error, CustomStringConvertible {
    case tooLong(path: String, byteCount: Int, limit: Int)
    case notOurs(path: String)
    case notPrivate(path: String, mode: UInt32)
    case inUse(path: String)
    case system(path: String, call: StaticString, reason: String)
    /// The folder for the copies of models.
    case snapshots(path: String, call: StaticString, reason: String)

    package var description: String {
        switch self {
        case .tooLong(let path, let byteCount, let limit):
            "the runtime directory \(path) has \(byteCount) bytes in its name; a Unix socket's path "
                + "leaves room for \(limit): choose a shorter one with --runtime-dir"
        case .notOurs(let path):
            "the runtime directory \(path) belongs to another user: choose one with --runtime-dir"
        case .notPrivate(let path, let mode):
            "the runtime directory \(path) has mode \(String(mode, radix: 8)), so others may put sockets "
                + "into it: make it 700, or choose another with --runtime-dir"
        case .inUse(let path):
            "another apus runs in \(path): stop it, or choose another directory with --runtime-dir"
        case .system(let path, let call, let reason):
            "the runtime directory \(path) cannot be used: \(call): \(reason)"
        case .snapshots(let path, let call, let reason):
            "the folder \(path) for copies of models cannot be made: \(call): \(reason); choose another "
                + "place with --snapshot-dir"
        }
    }
}

/// The private folder of one supervisor: its admin socket and its workers' sockets.
///
/// Made with mode 0700 and locked, so that two supervisors never share one. What a killed predecessor left is removed.
final class RuntimeDirectory {
    /// `sun_path` holds 107 bytes and a zero; "/4294967295.4294967295.sock" is the longest name in it.
    static let pathByteLimit = 107 - 27

    let path: String
    private(set) var lock: CInt

    init(path: String) throws(RuntimeDirectoryError) {
        self.path = path
        let byteCount = path.utf8.count
        guard byteCount <= Self.pathByteLimit else {
            throw .tooLong(path: path, byteCount: byteCount, limit: Self.pathByteLimit)
        }
        try Self.create(path)
        lock = open("\(path)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.failure(path, "open lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .inUse(path: path)
        }
        removeSockets()
    }

    /// The directory that the program before has left to us, with its lock.
    init(path: String, lock: CInt) {
        self.path = path
        self.lock = lock
    }

    private static let adminSocketName = "admin.sock"

    var adminSocket: String { "\(path)/\(Self.adminSocketName)" }

    func workerSocket(generation: UInt32, serial: UInt32) -> String {
        "\(path)/\(generation).\(serial).sock"
    }

    /// Whether a supervisor makes a socket of that name. The folder may be one that others use, too.
    private static func isOurSocket(_ name: String) -> Bool {
        if name == adminSocketName { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[2] == "sock" && parts[..<2].allSatisfy(isNumber)
    }

    private static func isNumber(_ text: Substring) -> Bool { UInt32(text).map { "\($0)" } == String(text) }

    /// Makes it again when somebody has deleted it. Open sockets live on without their names.
    /// - Returns: whether it was gone.
    func restore() throws(RuntimeDirectoryError) -> Bool {
        guard !Self.exists("\(path)/lock") else { return false }
        try Self.create(path)
        let anew = open("\(path)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard anew >= 0 else { throw Self.failure(path, "open lock") }
        guard flock(anew, LOCK_EX | LOCK_NB) == 0 else {
            close(anew)
            throw .inUse(path: path)
        }
        close(lock)
        lock = anew
        return true
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Removes what is ours, and the directory when nothing else is in it.
    func remove() {
        removeSockets()
        unlink("\(path)/lock")
        rmdir(path)
        close(lock)
    }

    private static func create(_ path: String) throws(RuntimeDirectoryError) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            made += (made.isEmpty && !path.hasPrefix("/")) ? String(part) : "/\(part)"
            if mkdir(made, 0o700) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES {
                throw failure(path, "mkdir")
            }
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure(path, "stat") }
        guard status.st_uid == geteuid() else { throw .notOurs(path: path) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .system(path: path, call: "mkdir", reason: "it is not a directory")
        }
        guard status.st_mode & 0o022 == 0 else {
            throw .notPrivate(path: path, mode: status.st_mode & 0o7777)
        }
    }

    private func removeSockets() {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if Self.isOurSocket(name) { unlink("\(path)/\(name)") }
        }
    }

    private static func failure(_ path: String, _ call: StaticString) -> RuntimeDirectoryError {
        .system(path: path, call: call, reason: String(cString: strerror(errno)))
    }
}
