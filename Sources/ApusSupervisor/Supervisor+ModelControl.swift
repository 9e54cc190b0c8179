import ApusWire
import Logging

/// Loading and unloading models by request (Triton, "Model repository extension").
extension Supervisor {
    /// Loads the model as its files are now; one that was unloaded is served again.
    /// - Parameter onDone: told, when it serves or was refused, why not: a sentence for the client, which names no
    ///   path. Nil when it serves.
    func loadModel(_ name: String, onDone: @escaping (String?) -> Void) {
        let failure = "failed to load '\(name)', no version is available"
        guard settings.look()?.contains(where: { $0.name == name }) == true else { return onDone(failure) }
        let versions = unloadedModels.removeValue(forKey: name)
        reload(
            ReloadRequest(names: [name], onDone: [{ [unowned self] refusals in
                if !pools.contains(where: { $0.wanted.name == name }) { unloadedModels[name] = versions ?? [] }
                let isRefused = refusals.contains { $0.concerns(name) }
                onDone(isRefused ? "\(failure); the server's log says why" : nil)
            }]))
    }

    /// Serves the model no more, until it is loaded by request. Requests that a worker has are answered.
    func unloadModel(_ name: String, onDone: (String?) -> Void) {
        let unloaded = pools.filter { $0.wanted.name == name }
        guard !unloaded.isEmpty || unloadedModels[name] != nil else {
            return onDone("failed to unload '\(name)', it is not served")
        }
        retries.forget(models: [name])
        unserved = unserved.filter { $0.value.model != name }
        for candidate in candidates where candidate.wanted.name == name {
            candidates.removeAll { $0 === candidate }
            retire(candidate)
            reload?.ended(candidate.generation, model: name, .unchanged)
        }
        pools.removeAll { $0.wanted.name == name }
        unloadedModels[name, default: []] += unloaded.map(\.wanted.version)
        for pool in unloaded {
            pool.log.info("model unloaded")
            retire(pool)
        }
        publishRoutes()
        onDone(nil)
        changed()
    }

    /// What the index says of models that were unloaded.
    var unloadedRoutes: [ModelRoute] {
        unloadedModels.sorted { $0.key < $1.key }.flatMap { name, versions in
            versions.map { version in
                ModelRoute(
                    name: name, version: version, generation: 0, state: .unloaded, reason: "unloaded",
                    limits: ModelLimits(), description: nil, workers: [])
            }
        }
    }
}
