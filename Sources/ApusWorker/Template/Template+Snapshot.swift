import ApusModel
import ApusWire
import Glibc

extension Template {
    /// The same settings with the private copy as what is loaded. Ends the process when there is nothing to load.
    ///
    /// A copy that a template before this one has loaded is used again, and written anew when it was deleted.
    func copied(
        _ settings: TemplateSettings, _ channel: borrowing ControlChannel
    ) throws(LoadFailure) -> TemplateSettings {
        let folder = settings.snapshotFolder
        guard !folder.isEmpty else { return settings }
        let files = ModelFiles(model: settings.path, folder: settings.folder)
        var own = settings
        own.path = "\(folder)/\(files.modelName)"
        guard settings.snapshotDigest.isEmpty else {
            if !isWhole(own) { try restore(files, settings, channel) }
            return own
        }
        let snapshot = try take(files, settings, channel)
        try? channel.send(TemplateReport.copied(snapshot))
        if settings.isAutomatic, settings.knownDigests.contains(snapshot.digest) {
            decline("the files are the same as before", isUnfinished: false, channel)
        }
        return own
    }

    /// Nobody has deleted the copy that those settings load.
    func isWhole(_ settings: TemplateSettings) -> Bool {
        let paths = settings.keptFiles.map { "\(settings.snapshotFolder)/\($0.name)" } + [settings.path]
        return paths.allSatisfy { FileIdentity(path: $0) != nil }
    }

    /// From what the supervisor has kept open; else from the user's files, when they are still those that serve.
    private func restore(
        _ files: ModelFiles, _ settings: TemplateSettings, _ channel: borrowing ControlChannel
    ) throws(LoadFailure) {
        log.warning(
            "the private copy is gone; it is written anew",
            metadata: ["model": "\(settings.name)", "version": "\(settings.version)"])
        do throws(SnapshotError) {
            try Snapshot.restore(
                settings.keptFiles, into: settings.snapshotFolder, expecting: settings.snapshotDigest)
        } catch {
            guard case .replaced = error else {
                let sentence = sentence(error, files, settings)
                throw LoadFailure(exitCode: .cannotCreate, sentence: sentence, mayPass: true)
            }
            _ = try take(files, settings, channel)
        }
    }

    private func take(
        _ files: ModelFiles, _ settings: TemplateSettings, _ channel: borrowing ControlChannel
    ) throws(LoadFailure) -> ModelSnapshot {
        let folder = settings.snapshotFolder
        do throws(SnapshotError) {
            let patience = settings.isAutomatic ? 0 : Limits.writerNanoseconds
            let digest = settings.snapshotDigest.isEmpty ? nil : settings.snapshotDigest
            return try Snapshot.take(files, into: folder, patience: patience, expecting: digest)
        } catch {
            let sentence = sentence(error, files, settings)
            switch error {
            case .disturbed where settings.isAutomatic: decline(sentence, isUnfinished: true, channel)
            case .disturbed, .replaced:
                throw LoadFailure(exitCode: .modelCannotLoad, sentence: sentence, mayPass: true)
            case .unwritable: throw LoadFailure(exitCode: .cannotCreate, sentence: sentence, mayPass: true)
            case .unreadable(let path, let reason) where path == files.model:
                var failure = LoadFailure(.modelMissing(path: path, reason: String(cString: strerror(reason.code))))
                failure.mayPass = true
                throw failure
            case .unreadable: throw LoadFailure(exitCode: .modelCannotLoad, sentence: sentence, mayPass: true)
            }
        }
    }

    /// The same for each try: it names the folder of all generations.
    private func sentence(_ error: SnapshotError, _ files: ModelFiles, _ settings: TemplateSettings) -> String {
        let end = settings.snapshotFolder.lastIndex(of: "/") ?? settings.snapshotFolder.endIndex
        return error.sentence(copying: files.model, to: String(settings.snapshotFolder[..<end]))
    }

    private func decline(_ reason: String, isUnfinished: Bool, _ channel: borrowing ControlChannel) -> Never {
        try? channel.send(TemplateReport.declined(reason: reason, isUnfinished: isUnfinished))
        _exit(0)
    }
}

extension LoadFailure {
    /// The same in words that name the user's file where they name the copy.
    func naming(_ settings: TemplateSettings) -> LoadFailure {
        guard !settings.snapshotFolder.isEmpty else { return self }
        let folder = settings.path.lastIndex(of: "/").map { String(settings.path[..<$0]) } ?? "."
        var failure = self
        failure.sentence = sentence.replacing(settings.snapshotFolder + "/", with: folder + "/")
        return failure
    }
}
