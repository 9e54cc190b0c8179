import Foundation
import Testing

@testable import ApusSupervisor

@Suite("Snapshot directory")
struct SnapshotDirectoryTests {
    private let folder = TemporaryFolder()

    /// Makes the copy of a generation, as a template does.
    private func copy(_ generation: UInt32, in directory: SnapshotDirectory) throws {
        try FileManager.default.createDirectory(
            atPath: directory.folder(generation: generation), withIntermediateDirectories: true)
    }

    private func copies(in directory: SnapshotDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0 != "lock" }.sorted()
    }

    @Test("what a process of our own number left is removed at the start")
    func start() throws {
        do {
            let before = try SnapshotDirectory(in: folder.path)
            try copy(1, in: before)
            before.unlock()
        }
        #expect(try copies(in: try SnapshotDirectory(in: folder.path)) == [])
    }

    @Test("the program that takes over keeps the copies until the processes that use them are gone")
    func takeover() throws {
        let before = try SnapshotDirectory(in: folder.path)
        for generation in [1, 2, 30] as [UInt32] { try copy(generation, in: before) }
        before.unlock()
        let after = try SnapshotDirectory(in: folder.path, isTakenOver: true)
        #expect(try copies(in: after) == ["1", "2", "30"])
        try copy(31, in: after)
        after.removeAll(except: [30, 31])
        #expect(try copies(in: after) == ["30", "31"])
        after.remove()
        #expect(!FileManager.default.fileExists(atPath: after.path))
    }

    @Test("copies of a process that lives are not touched, those of one that is gone are removed")
    func others() throws {
        let gone = "\(folder.path)/snapshots-2147483647"
        let living = "\(folder.path)/snapshots-1"
        for path in [gone, living] {
            try FileManager.default.createDirectory(atPath: "\(path)/5", withIntermediateDirectories: true)
        }
        let directory = try SnapshotDirectory(in: folder.path)
        #expect(!FileManager.default.fileExists(atPath: gone))
        #expect(FileManager.default.fileExists(atPath: "\(living)/5"))
        directory.remove()
    }
}

extension SnapshotDirectory {
    /// As `execve` and the end of a process do, by closing the lock.
    fileprivate func unlock() { flock(lock, LOCK_UN) }
}
