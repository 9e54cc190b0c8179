import CLibuv
import Glibc

/// Tells what happens to the names in folders (inotify(7)).
///
/// libuv's own `uv_fs_event_t` reports only that something changed; which events came tells a file that is
/// finished from one that is being written. Call `close()` once.
package final class FolderWatch {
    /// Something happened to a name in a watched folder: it was written and closed, renamed in or out, made or
    /// deleted.
    package struct Change: Equatable {
        package let folder: String
        package let name: String
    }

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)
        | UInt32(IN_ONLYDIR)

    private var handle: HandleMemory<uv_poll_t>
    private let descriptor: CInt
    private var folders: [CInt: String] = [:]
    private let onChange: (Change) -> Void
    private let onLoss: () -> Void

    /// - Parameters:
    ///   - onChange: called for each change, in order.
    ///   - onLoss: changes were lost, or a watched folder itself is gone: look at everything again.
    /// - Throws: when the user has no inotify instance left (`fs.inotify.max_user_instances`).
    package init(
        on loop: Loop, onChange: @escaping (Change) -> Void, onLoss: @escaping () -> Void
    ) throws(UVError) {
        let descriptor = inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { throw UVError(code: -errno, call: "inotify_init1") }
        self.descriptor = descriptor
        self.onChange = onChange
        self.onLoss = onLoss
        handle = HandleMemory()
        uv_poll_init(loop.raw, handle.raw, descriptor)  // the kernel has just made the descriptor
        handle.retain(self)
        uv_poll_start(handle.raw, CInt(UV_READABLE.rawValue)) { handle, _, _ in
            (owner(handle!.pointee.data) as FolderWatch).read()
        }
    }

    deinit { handle.deallocate() }

    /// Watches these folders and no others. One that is not there, or is watched already, is no matter.
    /// - Returns: a folder that is there and is not watched, and why: the user has no watch left (`ENOSPC`,
    ///   `fs.inotify.max_user_watches`), or may not read it. The next call tries it again.
    @discardableResult
    package func follow(_ wanted: Set<String>) -> (folder: String, error: UVError)? {
        for (watch, folder) in folders where !wanted.contains(folder) {
            folders.removeValue(forKey: watch)
            inotify_rm_watch(descriptor, watch)
        }
        let known = Set(folders.values)
        var unwatched: (folder: String, error: UVError)?
        for folder in wanted.subtracting(known) {
            let watch = inotify_add_watch(descriptor, folder, Self.mask)
            if watch >= 0 {
                folders[watch] = folder
            } else if errno != ENOENT, errno != ENOTDIR {
                unwatched = (folder, UVError(code: -errno, call: "inotify_add_watch"))
            }
        }
        return unwatched
    }

    package func close() {
        handle.close { handle in
            let watch: FolderWatch = lastReference(handle!.pointee.data)
            watch.handle.markClosed()
            Glibc.close(watch.descriptor)
        }
    }

    /// Reads until nothing is left. An event is a header and a name of `len` bytes, padded with zeroes.
    private func read() {
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 8) { memory in
            while handle.isOpen {
                let count = Glibc.read(descriptor, memory.baseAddress, memory.count)
                guard count > 0 else { return }
                take(UnsafeRawBufferPointer(rebasing: memory[..<count]))
            }
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        let headerByteCount = MemoryLayout<inotify_event>.size
        var position = 0
        while position + headerByteCount <= bytes.count {
            let event = bytes.loadUnaligned(fromByteOffset: position, as: inotify_event.self)
            let start = position + headerByteCount
            position = start + Int(event.len)
            let name = bytes[start..<position].prefix { $0 != 0 }
            report(event, String(decoding: name, as: UTF8.self))
        }
    }

    private func report(_ event: inotify_event, _ name: String) {
        let isGone = event.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_Q_OVERFLOW | IN_UNMOUNT) != 0
        if event.mask & UInt32(IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF) != 0 {
            // The name may lead to another folder now, which wants a watch of its own.
            if folders.removeValue(forKey: event.wd) != nil { inotify_rm_watch(descriptor, event.wd) }
        }
        if isGone { return onLoss() }
        guard let folder = folders[event.wd], !name.isEmpty else { return }
        onChange(Change(folder: folder, name: name))
    }
}
