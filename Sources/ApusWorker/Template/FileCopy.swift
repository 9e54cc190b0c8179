import ApusWire
import CProcess
import Glibc

/// What says that a file is still the one that was looked at.
struct FileIdentity: Equatable {
    private let device: UInt
    private let number: UInt
    let byteCount: Int
    private let seconds: Int
    private let nanoseconds: Int

    private init(_ status: stat) {
        device = UInt(status.st_dev)
        number = UInt(status.st_ino)
        byteCount = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }

    /// Of the file that a path leads to; nil when there is none.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of an open file; nil for what is no file.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(status)
    }
}

/// A file's copy, made and hashed in one pass.
struct FileCopy {
    let source: String
    let name: String
    /// SHA-256, hexadecimal.
    let digest: String
    /// The kernel could not say whether somebody has the file open for writing.
    let isUncertain: Bool
    private let identity: FileIdentity

    private static let pieceByteCount = 1 << 20

    /// - Parameter name: relative to `folder`, which is made when it has folders of its own.
    init(of source: String, named name: String, in folder: String) throws(SnapshotError) {
        // Without waiting: the path may be a pipe's by now.
        let input = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard input >= 0 else { throw .unreadable(source, SystemError(call: "open", code: errno)) }
        defer { close(input) }
        guard let identity = FileIdentity(descriptor: input) else {
            throw .unreadable(source, SystemError(call: "open", code: EINVAL))
        }
        let hasWriter = apus_has_writer(input)
        guard hasWriter <= 0 else { throw .disturbed(source) }
        self.source = source
        self.name = name
        self.identity = identity
        isUncertain = hasWriter < 0
        digest = try Self.copy(input, source, to: "\(folder)/\(name)")
        guard FileIdentity(descriptor: input) == identity else { throw .disturbed(source) }
    }

    /// The path still leads to the file that was copied, unchanged, and nobody writes to it.
    var isCurrent: Bool {
        guard FileIdentity(path: source) == identity else { return false }
        let input = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        defer { close(input) }
        return input >= 0 && apus_has_writer(input) <= 0
    }

    private static func copy(_ input: Int32, _ source: String, to target: String) throws(SnapshotError) -> String {
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o400)
        guard output >= 0 else { throw .unwritable(target, SystemError(call: "open", code: errno)) }
        defer { close(output) }
        let sharesBlocks = apus_clone_file(output, input) == 0
        var hash = SHA256()
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceByteCount, alignment: 64)
        defer { memory.deallocate() }
        while true {
            let count = read(input, memory.baseAddress, memory.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(source, SystemError(call: "read", code: errno)) }
            if count == 0 { return hash.finish() }
            let piece = UnsafeRawBufferPointer(rebasing: memory[..<count])
            hash.update(piece)
            if !sharesBlocks { try write(piece, output, target) }
        }
    }

    private static func write(
        _ piece: UnsafeRawBufferPointer, _ output: Int32, _ target: String
    ) throws(SnapshotError) {
        var written = 0
        while written < piece.count {
            let count = Glibc.write(output, piece.baseAddress! + written, piece.count - written)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .unwritable(target, SystemError(call: "write", code: errno)) }
            written += count
        }
    }
}
