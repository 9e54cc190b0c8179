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
    private(set) var files: [SnapshotFile] = []

    /// - Parameters:
    ///   - copied: what is in the copy.
    ///   - folder: where it is.
    init(of copied: [SnapshotFile], in folder: String) {
        guard copied.count <= Self.fileLimit else { return }
        for file in copied {
            let descriptor = open("\(folder)/\(file.name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else {
                letGo()
                return
            }
            descriptors.append(descriptor)
            files.append(SnapshotFile(name: file.name, path: "/proc/\(getpid())/fd/\(descriptor)"))
        }
    }

    deinit { letGo() }

    private func letGo() {
        for descriptor in descriptors { close(descriptor) }
        descriptors = []
        files = []
    }
}
