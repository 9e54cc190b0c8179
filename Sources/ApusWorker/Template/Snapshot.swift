import ApusModel
import ApusWire
import Glibc

/// Why a model's files could not be copied. Sentences name the files that the user knows.
enum SnapshotError: Error, Equatable {
    /// Somebody writes to it, or it changed while it was copied.
    case disturbed(String)
    case unreadable(String, SystemError)
    case unwritable(String, SystemError)
    /// The copy was deleted, and the file is not the one that was copied any more.
    case replaced(String)
}

/// Takes the private copy of a model's files from which it is loaded, and loaded again when its template is started
/// again: whatever becomes of the files, what serves stays what it is.
///
/// A copy is whole: while it was made nobody had a file open for writing, and no file's size or time of change
/// became another. It is not a hard link, which would change when a file is overwritten in place; where the file
/// system can, it shares the file's blocks.
enum Snapshot {
    /// How long is waited between attempts, and before a copy is believed of whose files the kernel does not tell
    /// whether they have a writer.
    private static let attemptMicroseconds: UInt32 = 50_000
    private static let doubtMicroseconds: UInt32 = 300_000

    /// Copies into `folder`, which is new or replaced.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for writers to end, nanoseconds.
    ///   - digest: what the copy has to have; nil for any.
    /// - Throws: `disturbed` when they did not; `replaced` for another digest.
    static func take(
        _ files: ModelFiles, into folder: String, patience: UInt64, expecting digest: String? = nil
    ) throws(SnapshotError) -> ModelSnapshot {
        let end = MonotonicClock.now() + patience
        while true {
            do throws(SnapshotError) {
                return try make(folder, expecting: digest) { partial throws(SnapshotError) in
                    try copies(of: files, in: partial)
                }
            } catch {
                guard case .disturbed = error, MonotonicClock.now() < end else { throw error }
                usleep(attemptMicroseconds)
            }
        }
    }

    /// Writes a copy anew that somebody has deleted, or a part of it.
    ///
    /// - Parameter files: its files, kept open; they never change.
    static func restore(_ files: [SnapshotFile], into folder: String, expecting digest: String) throws(SnapshotError) {
        _ = try make(folder, expecting: digest) { partial throws(SnapshotError) in
            var copies: [FileCopy] = []
            for file in files { copies.append(try copy(file.path, named: file.name, in: partial)) }
            return copies
        }
    }

    /// Made under another name first, so that a folder that is there is whole, however its maker ended.
    private static func make(
        _ folder: String, expecting expected: String?,
        _ copies: (_ partial: String) throws(SnapshotError) -> [FileCopy]
    ) throws(SnapshotError) -> ModelSnapshot {
        let partial = "\(folder).part"
        discard(partial)
        do throws(SnapshotError) {
            try make(partial)
            let copies = try copies(partial)
            let snapshot = ModelSnapshot(
                digest: digest(of: copies), files: copies.map { SnapshotFile(name: $0.name, path: $0.source) })
            if let expected, snapshot.digest != expected { throw .replaced(copies.first?.source ?? folder) }
            discard(folder)
            guard rename(partial, folder) == 0 else {
                throw .unwritable(folder, SystemError(call: "rename", code: errno))
            }
            return snapshot
        } catch {
            discard(partial)
            throw error
        }
    }

    private static func copies(of files: ModelFiles, in partial: String) throws(SnapshotError) -> [FileCopy] {
        var copies: [FileCopy] = []
        for file in files.present { copies.append(try copy(file.path, named: file.name, in: partial)) }
        for name in ExternalData.locations(ofModel: "\(partial)/\(files.modelName)") {
            let path = files.path(besideModel: name)
            // The engine says best what it misses; a model may keep its weights in a companion.
            guard FileIdentity(path: path) != nil, !copies.contains(where: { $0.name == name }) else { continue }
            copies.append(try copy(path, named: name, in: partial))
        }
        if copies.contains(where: \.isUncertain) { usleep(doubtMicroseconds) }
        for copy in copies where !copy.isCurrent { throw .disturbed(copy.source) }
        return copies
    }

    private static func copy(_ path: String, named name: String, in folder: String) throws(SnapshotError) -> FileCopy {
        try makeFolders(of: name, in: folder)
        return try FileCopy(of: path, named: name, in: folder)
    }

    /// The SHA-256 of what `sha256sum` prints of the files, by name: `sha256sum FILE… | sha256sum`.
    private static func digest(of copies: [FileCopy]) -> String {
        let lines = copies.sorted { $0.name < $1.name }.map { "\($0.digest)  \($0.name)\n" }
        return SHA256.digest(of: lines.joined())
    }

    private static func makeFolders(of name: String, in folder: String) throws(SnapshotError) {
        var path = folder
        for part in name.split(separator: "/").dropLast() {
            path += "/\(part)"
            try make(path)
        }
    }

    /// The folders around it are made again when somebody deleted them.
    private static func make(_ path: String) throws(SnapshotError) {
        for slash in path.indices where path[slash] == "/" { mkdir(String(path[..<slash]), 0o700) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .unwritable(path, SystemError(call: "mkdir", code: errno))
        }
    }

    /// Removes a folder and what is in it; nothing happens when there is none.
    private static func discard(_ folder: String) {
        guard let stream = opendir(folder) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            let path = "\(folder)/\(name)"
            if unlink(path) != 0 { discard(path) }
        }
        closedir(stream)
        rmdir(folder)
    }
}

extension SnapshotError {
    /// - Parameter folder: where the copy was to be; a path in it means nothing to the user.
    func sentence(copying model: String, to folder: String) -> String {
        switch self {
        case .disturbed(let path):
            "\(path) is being written: whoever has it open has not closed it"
        case .unreadable(let path, let error):
            "\(path) cannot be read: \(Self.named(error))"
        case .unwritable(_, let error):
            "the private copy of \(model) cannot be written to \(folder): \(Self.named(error)); "
                + "make room there or name another folder with --snapshot-dir"
        case .replaced:
            "the private copy of \(model) was deleted, and the file is not the one that serves any more; "
                + "apus reload takes the file"
        }
    }

    /// With the name that manuals and log searches have for it.
    private static func named(_ error: SystemError) -> String {
        let names = [
            ENOSPC: "ENOSPC", EDQUOT: "EDQUOT", EIO: "EIO", EACCES: "EACCES", EROFS: "EROFS", EFBIG: "EFBIG",
            ENOTDIR: "ENOTDIR", ENOENT: "ENOENT",
        ]
        return names[error.code].map { "\(error) (\($0))" } ?? "\(error)"
    }
}
