import ApusModel
import FoundationEssentials
import Glibc
import Yams

/// A configuration file: YAML whose keys have the names of the flags. Values are not yet checked.
package struct ConfigurationFile {
    package let path: String
    package private(set) var settings: [Setting] = []
    package private(set) var models: [ModelRequest]?
    package private(set) var errors: [ConfigurationError] = []

    /// - Throws: `unreadable` when the file cannot be read, `notYAML` when it is not YAML.
    package init(path: String) throws(ConfigurationError) {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "it is not UTF-8 text")
        }
        try self.init(text, path: path)
    }

    /// - Parameter path: what errors call the file, and where its relative paths start.
    package init(_ text: String, path: String) throws(ConfigurationError) {
        self.path = path
        guard let root = try Self.parse(text, path: path) else { return }  // an empty file
        guard let mapping = root.mapping else {
            errors.append(.badForm(key: path, expected: "a mapping of keys to values", at: origin(root)))
            return
        }
        for (key, value) in mapping { read(key, value) }
    }

    private static func parse(_ text: String, path: String) throws(ConfigurationError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            let (line, problem) = error.explanation
            throw .notYAML(path: path, line: line, problem: problem)
        } catch {
            throw .notYAML(path: path, line: 1, problem: "\(error)")
        }
    }

    private mutating func read(_ keyNode: Node, _ value: Node) {
        let name = keyNode.scalar?.string ?? "?"
        if name == Key.models {
            readModels(value)
        } else if let key = Key.all.first(where: { $0.name == name && $0.places.contains(.file) }) {
            if let setting = setting(key, value) { settings.append(setting) }
        } else {
            refuse(name, at: keyNode, known: Key.all.filter { $0.places.contains(.file) }.map(\.name) + [Key.models])
        }
    }

    private mutating func readModels(_ value: Node) {
        guard let list = value.sequence else {
            errors.append(.badForm(key: Key.models, expected: "a list of models", at: origin(value)))
            return
        }
        models = list.compactMap { node -> ModelRequest? in
            do throws(ConfigurationError) {
                return try readModel(node)
            } catch {
                errors.append(error)
                return nil
            }
        }
    }

    private mutating func readModel(_ node: Node) throws(ConfigurationError) -> ModelRequest {
        let origin = origin(node)
        if let text = node.scalar?.string {
            let reference = try ModelRequest(argument: text, origin: origin).reference
            return try ModelRequest(resolved(reference), origin: origin)
        }
        guard let mapping = node.mapping else {
            let expected = "MODEL, NAME=MODEL or a mapping with 'path'"
            throw .badForm(key: Key.models, expected: expected, at: origin)
        }
        return try readModel(mapping, at: origin)
    }

    private mutating func readModel(
        _ mapping: Node.Mapping, at origin: Origin
    ) throws(ConfigurationError) -> ModelRequest {
        var name: String?, path: String?, settings: [Setting] = []
        for (keyNode, value) in mapping {
            let keyName = keyNode.scalar?.string ?? "?"
            if keyName == "name" {
                name = value.scalar?.string ?? ""
            } else if keyName == "path" {
                path = value.scalar?.string
            } else if let key = Key.all.first(where: { $0.name == keyName && $0.isPerModel }) {
                if let setting = setting(key, value) { settings.append(setting) }
            } else {
                refuse(keyName, at: keyNode, known: ["name", "path"] + Key.all.filter(\.isPerModel).map(\.name))
            }
        }
        guard let path, !path.isEmpty else { throw .missingPath(at: origin) }
        let reference = resolved(ModelReference(name: name, path: path))
        return try ModelRequest(reference, origin: origin, settings: settings)
    }

    private mutating func setting(_ key: Key, _ value: Node) -> Setting? {
        guard let text = value.scalar?.string ?? (key.isList ? joined(value) : nil) else {
            errors.append(.badForm(key: key.name, expected: key.expected, at: origin(value)))
            return nil
        }
        return Setting(key.name, key.isPath && !text.isEmpty ? resolved(text) : text, from: origin(value))
    }

    /// `[a, b]` as `a,b`, and `{a: b}` as `a:b`.
    private func joined(_ value: Node) -> String? {
        let parts = value.sequence?.map { $0.scalar?.string }
            ?? value.mapping?.map { key, value in
                key.scalar.flatMap { key in value.scalar.map { "\(key.string):\($0.string)" } }
            }
        guard let parts, !parts.contains(nil) else { return nil }
        return parts.compactMap { $0 }.joined(separator: ",")
    }

    private mutating func refuse(_ name: String, at node: Node, known: [String]) {
        errors.append(.unknownKey(name, at: origin(node), nearest: nearest(to: name, among: known)))
    }

    private func origin(_ node: Node) -> Origin {
        .file(path, line: node.mark?.line ?? 1)
    }

    private func resolved(_ reference: ModelReference) -> ModelReference {
        ModelReference(name: reference.name, path: resolved(reference.path))
    }

    /// A relative path starts at the folder of the file, wherever the server is started.
    private func resolved(_ relative: String) -> String {
        guard !relative.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return relative }
        return String(path[...slash]) + relative
    }
}
