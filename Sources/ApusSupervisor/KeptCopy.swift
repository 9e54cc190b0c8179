import ApusWire
import Glibc

/// A model's private copy, kept open while its generation may load it again: somebody may delete the folder.
///
/// A new template reads the files by this process's `/proc` entries.
final class KeptCopy {
    /// A model of more files is not kept: weights in hundreds of files would take the descriptors of hundreds of
    /// connections to workers.
    private static let fileLimit = 64

    private var descriptors: [Int32] = []
    /// What leads to them. Empty when they could not all be opened.
    private(set) var files: [KeptFile] = []

    /// - Parameter folder: the copy.
    init(of folder: String) {
        guard !open(folder, prefix: "") else { return }
        closeAll()
        files = []
    }

    deinit { closeAll() }

    /// - Parameter prefix: of the names, with a slash at its end.
    private func open(_ folder: String, prefix: String) -> Bool {
        for name in SnapshotDirectory.entries(folder) {
            let path = "\(folder)/\(name)"
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { return false }
            descriptors.append(descriptor)
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return false }
            if status.st_mode & S_IFMT == S_IFDIR {
                close(descriptors.removeLast())
                guard open(path, prefix: "\(prefix)\(name)/") else { return false }
                continue
            }
            guard descriptors.count <= Self.fileLimit else { return false }
            files.append(KeptFile(name: prefix + name, path: "/proc/\(getpid())/fd/\(descriptor)"))
        }
        return true
    }

    private func closeAll() {
        for descriptor in descriptors { close(descriptor) }
        descriptors = []
    }
}
