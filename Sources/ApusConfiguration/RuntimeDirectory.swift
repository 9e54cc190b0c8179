import Glibc

/// The private folder of one server: the sockets of its workers and its admin socket.
package struct RuntimeDirectory: Equatable, Sendable {
    /// A socket's path has 107 bytes at most (unix(7)); the names in the folder take up to 27.
    package static let maxByteCount = 80

    package let path: String
    /// Made for this server alone, to be removed when it ends.
    package let isOwn: Bool

    /// What was configured, else systemd's, else one with the process's number in its name, in the
    /// user's session folder or in `/tmp`.
    package init(configured: String?, environment: [String: String], processID: Int32 = getpid()) {
        if let configured {
            self.init(path: configured, isOwn: false)
        } else if let systemd = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first {
            self.init(path: String(systemd), isOwn: false)  // systemd.exec(5): several come with colons
        } else if let session = environment["XDG_RUNTIME_DIR"], access(session, W_OK) == 0 {
            self.init(path: "\(session)/apus-\(processID)", isOwn: true)
        } else {
            self.init(path: "/tmp/apus-\(getuid())-\(processID)", isOwn: true)
        }
    }

    private init(path: String, isOwn: Bool) {
        self.path = path
        self.isOwn = isOwn
    }

    /// Makes the folder with mode 0700 if it is not there, and makes sure that nobody else can put
    /// a socket of theirs into it.
    package func prepare() throws(RuntimeDirectoryError) {
        guard path.utf8.count <= Self.maxByteCount else {
            throw .tooLong(path: path, limit: Self.maxByteCount)
        }
        if mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw .cannotMake(path: path, reason: String(cString: strerror(errno)))
        }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw .cannotMake(path: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .notADirectory(path: path) }
        guard status.st_uid == geteuid() else { throw .foreign(path: path) }
        guard status.st_mode & 0o022 == 0 else { throw .open(path: path, mode: status.st_mode & 0o7777) }
    }
}

/// Why a folder cannot hold the sockets of a server.
package enum RuntimeDirectoryError: Error, Equatable, CustomStringConvertible {
    case tooLong(path: String, limit: Int)
    case cannotMake(path: String, reason: String)
    case notADirectory(path: String)
    case foreign(path: String)
    case open(path: String, mode: UInt32)

    package var description: String {
        switch self {
        case .tooLong(let path, let limit):
            "the runtime directory \(path) has \(path.utf8.count) bytes; at most \(limit) leave room for a socket's name"
        case .cannotMake(let path, let reason):
            "cannot make the runtime directory \(path): \(reason)"
        case .notADirectory(let path):
            "the runtime directory \(path) is not a directory"
        case .foreign(let path):
            "the runtime directory \(path) belongs to another user"
        case .open(let path, let mode):
            "the runtime directory \(path) has mode \(String(mode, radix: 8)); others may write to it, 700 is expected"
        }
    }
}
