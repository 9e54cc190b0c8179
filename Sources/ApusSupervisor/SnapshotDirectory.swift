import Glibc

/// The private folder for the copies that models are loaded from: one folder for each generation, filled by its
/// template.
///
/// It is this process's alone, by a lock in it; what killed predecessors left beside it is removed.
final class SnapshotDirectory {
    private static let prefix = "snapshots-"

    let path: String
    let lock: CInt

    /// - Parameters:
    ///   - base: the folder that it is made in.
    ///   - isTakenOver: the program before in this process left copies in it that its templates may still load from;
    ///     they stay until `removeAll(except:)`. Otherwise what is there was left by a process that had our number.
    init(in base: String, isTakenOver: Bool = false) throws(RuntimeDirectoryError) {
        let name = "\(Self.prefix)\(getpid())"
        path = "\(base)/\(name)"
        if mkdir(base, 0o700) != 0, errno != EEXIST { throw Self.failure(base, "mkdir") }
        Self.removeAbandoned(in: base, except: isTakenOver ? name : nil)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure(path, "mkdir") }
        lock = open("\(path)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw Self.failure(path, "open lock") }
    }

    func folder(generation: UInt32) -> String { "\(path)/\(generation)" }

    /// Removes the copy of a generation that is gone.
    func remove(generation: UInt32) {
        Self.removeTree(folder(generation: generation))
        Self.removeTree("\(folder(generation: generation)).part")
    }

    /// Removes the copies of all generations but those.
    func removeAll(except generations: [UInt32]) {
        let kept = generations.flatMap { ["\($0)", "\($0).part"] } + ["lock"]
        for name in Self.entries(path) where !kept.contains(name) { Self.removeTree("\(path)/\(name)") }
    }

    /// Removes all of it.
    func remove() {
        Self.removeTree(path)
        close(lock)
    }

    /// Those of other processes whose lock is free, so that they are gone.
    private static func removeAbandoned(in base: String, except own: String?) {
        for name in entries(base) where name.hasPrefix(prefix) && name != own {
            let folder = "\(base)/\(name)"
            let lock = open("\(folder)/lock", O_RDWR | O_CLOEXEC)
            let isAbandoned = lock < 0 ? !isRunning(name) : flock(lock, LOCK_EX | LOCK_NB) == 0
            if isAbandoned { removeTree(folder) }
            if lock >= 0 { close(lock) }
        }
    }

    /// The process that a folder is named after: it may not have made its lock yet.
    private static func isRunning(_ name: String) -> Bool {
        pid_t(name.dropFirst(prefix.count)).map { kill($0, 0) == 0 || errno == EPERM } ?? false
    }

    private static func removeTree(_ path: String) {
        guard unlink(path) != 0, errno != ENOENT else { return }
        for name in entries(path) { removeTree("\(path)/\(name)") }
        rmdir(path)
    }

    private static func entries(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func failure(_ path: String, _ call: StaticString) -> RuntimeDirectoryError {
        .snapshots(path: path, call: call, reason: String(cString: strerror(errno)))
    }
}
