import Glibc

/// Where a change may mean that a model has other files: folders, and the names in them that matter.
struct WatchedPlaces: Equatable {
    /// Nil for a folder in which every name matters.
    private(set) var names: [String: Set<String>?] = [:]

    /// As the kernel's own limit (path_resolution(7)).
    private static let linkLimit = 40
    /// Far above what a repository has, far below what a user may watch (fs.inotify.max_user_watches).
    private static let folderLimit = 4096

    var folders: Set<String> { Set(names.keys) }

    func matters(_ name: String, in folder: String) -> Bool {
        guard let wanted = names[folder] else { return false }
        return wanted?.contains(name) ?? true
    }

    /// Every name in that folder.
    mutating func add(folder: String) { names[folder] = .some(nil) }

    /// One name in that folder.
    mutating func add(_ name: String, in folder: String) {
        switch names[folder] {
        case .some(.some(let known)): names[folder] = known.union([name])
        case .some(.none): break
        case .none: names[folder] = [name]
        }
    }

    /// A folder, and the folders in it that may hold a version, or a model with versions.
    ///
    /// Links are left out: what they lead to is watched where it lies.
    ///
    /// - Parameter depth: of how many levels of folders.
    mutating func add(folder: String, depth: Int) {
        add(folder: folder)
        guard depth > 0, names.count < Self.folderLimit, let stream = opendir(folder) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let path = "\(folder)/\(name)"
            var status = stat()
            guard !name.hasPrefix("."), lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
            add(folder: path, depth: depth - 1)
        }
    }

    /// What a path leads to, and every link on its way, which may be made to lead elsewhere.
    /// - Returns: the path without links.
    @discardableResult
    mutating func add(path: String) -> String {
        var linkCount = 0
        var rest = Self.components(Self.absolute(path))[...]
        var folder = ""
        while let part = rest.popFirst() {
            let place = folder.isEmpty ? "/" : folder
            let next = "\(folder)/\(part)"
            if let target = Self.link(next), linkCount < Self.linkLimit {
                linkCount += 1
                add(part, in: place)
                if target.hasPrefix("/") { folder = "" }
                rest = (Self.components(target) + rest)[...]
            } else if part == ".." {
                folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
            } else {
                if rest.isEmpty { add(part, in: place) }
                folder = next
            }
        }
        return folder.isEmpty ? "/" : folder
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return "\(String(cString: here))/\(path)"
    }

    private static func components(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init).filter { $0 != "." }
    }

    /// Where a symbolic link leads; nil for what is none.
    private static func link(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { memory in
            let count = readlink(path, memory.baseAddress!, memory.count)
            return count > 0 ? String(decoding: UnsafeRawBufferPointer(rebasing: memory[..<count]), as: UTF8.self) : nil
        }
    }
}
