import ApusWire

/// Loading and unloading by request: the supervisor does it, and the client waits for its word.
extension ProxyProcess {
    /// The answer when there is nothing to wait for.
    /// - Parameter body: what came with the request: empty or a JSON object.
    func refusalOfModelChange(_ body: [UInt8]) -> Reply? {
        guard settings.allowsModelControl else {
            return .error(
                403, "loading and unloading by request is not enabled on this server", .openInference)
        }
        do throws(InferenceError) {
            let known = ["unload_dependents"]
            guard case .object(let parameters)? = try settings(in: body)?["parameters"] else { return nil }
            guard let other = parameters.first(where: { !known.contains($0.name) }) else { return nil }
            throw .unsupported(
                "parameter '\(other.name.prefix(128))' is not supported: models are loaded from the server's files")
        } catch {
            return .error(error, .openInference)
        }
    }

    /// Asks the supervisor. The connection waits, until `modelChanged` or its end.
    func changeModel(_ name: String, loads: Bool, for connection: ClientConnection) {
        let id = nextRequestID()
        modelChanges[id] = ModelChange(name: name, loads: loads, connection: connection)
        sendReport(.changeModel(id: id, name: name, loads: loads))
    }

    /// The supervisor has done it; or why it could not.
    func modelChanged(_ id: UInt64, refusal: String) {
        guard let change = modelChanges.removeValue(forKey: id) else { return }
        if refusal.isEmpty {
            change.connection.answer(
                .json {
                    $0.member("name", change.name)
                    $0.member(change.loads ? "load" : "unload", true)
                })
        } else {
            change.connection.answer(.error(400, refusal, .openInference))
        }
        change.connection.resume()
    }

    /// The client has left; the change goes on.
    func forgetChanges(of connection: ClientConnection) {
        guard !modelChanges.isEmpty else { return }
        modelChanges = modelChanges.filter { $0.value.connection !== connection }
    }
}

/// A client that waits for a model.
struct ModelChange {
    var name: String
    var loads: Bool
    var connection: ClientConnection
}
