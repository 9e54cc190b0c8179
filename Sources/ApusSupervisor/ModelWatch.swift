import ApusLoop
import Glibc
import Logging

/// Sees when the files of models become others, and asks for their reload once they stay as they are.
///
/// An event says only that it is time to look: what counts is what the files look like. So a file that is copied into
/// place slowly, or several that belong together, cause one reload; and the template that makes the copy waits for
/// nobody: a file that is still open for writing is left for the event that its closing will be.
final class ModelWatch {
    /// Three looks see a change as settled, well within a second.
    private static let lookMilliseconds: UInt64 = 150

    private var watch: FolderWatch?
    private var timer: Timer?
    private var places = WatchedPlaces()
    private var settling = ChangeSettling()
    /// The timer runs.
    private var willLook = false
    /// It was told that not every folder is watched.
    private var hasWarned = false
    private unowned let supervisor: Supervisor

    init(_ supervisor: Supervisor) throws(UVError) {
        self.supervisor = supervisor
        watch = try FolderWatch(
            on: supervisor.loop,
            onChange: { [unowned self] change in
                if places.matters(change.name, in: change.folder) { lookSoon() }
            }, onLoss: { [unowned self] in lookSoon() })
        timer = Timer(on: supervisor.loop) { [unowned self] in look() }
    }

    /// A load of these models begins: what is there now is what it takes.
    func take(_ models: [WantedModel], names: Set<String>?) {
        let now = signatures(of: models)
        for name in names ?? Set(now.keys).union(settling.names) { settling.take(now[name], of: name) }
        follow(models: models)
    }

    /// The model's files are being written: whatever happens to them next, they are looked at again.
    func postpone(_ name: String) { settling.take(nil, of: name) }

    func close() {
        watch?.close()
        timer?.close()
        watch = nil
        timer = nil
    }

    /// Not later because of more events: in a busy folder there is always one.
    private func lookSoon() {
        guard !willLook else { return }
        willLook = true
        timer?.start(milliseconds: Self.lookMilliseconds)
    }

    private func look() {
        willLook = false
        guard let models = supervisor.settings.look() else { return }
        follow(models: models)
        let (settled, isPending) = settling.look(signatures(of: models))
        if isPending { lookSoon() }
        if !settled.isEmpty { supervisor.reload(ReloadRequest(names: settled, isAutomatic: true)) }
    }

    /// Watches where those models are now, and where they are said to be.
    private func follow(models: [WantedModel]) {
        var places = WatchedPlaces()
        if let repository = supervisor.settings.repository() {
            places.add(folder: places.add(path: repository), depth: 2)
        }
        for model in models + supervisor.pools.map(\.wanted) {
            places.add(path: model.source)
            for file in model.files { places.add(path: file) }
            if !model.folder.isEmpty { places.add(folder: model.folder, depth: 1) }
        }
        for pool in supervisor.pools {
            for file in pool.snapshot?.files ?? [] { places.add(path: file.path) }
        }
        self.places = places
        if let (folder, error) = watch?.follow(places.folders) { warn(folder, error) }
    }

    /// Once: there may be thousands of such folders, and they are tried again at each look.
    private func warn(_ folder: String, _ error: UVError) {
        guard !hasWarned else { return }
        hasWarned = true
        let cause = error.errno == ENOSPC ? "no watch is left: raise fs.inotify.max_user_watches" : "\(error)"
        supervisor.log.warning(
            "not every folder of models is watched: reload by SIGHUP or `apus reload` when files change there",
            metadata: ["folder": "\(folder)", "reason": "\(cause)"])
    }

    private func signatures(of models: [WantedModel]) -> [String: ModelSignature] {
        var signatures: [String: ModelSignature] = [:]
        for model in models {
            let files = Dictionary(model.files.map { ($0, FileState(path: $0)) }) { first, _ in first }
            signatures[model.name, default: ModelSignature()].files[model.version] = files
            for path in supervisor.pool(of: model.name, model.version)?.snapshot?.files.map(\.path) ?? [] {
                signatures[model.name]?.inner[path] = FileState(path: path)
            }
        }
        return signatures
    }
}
