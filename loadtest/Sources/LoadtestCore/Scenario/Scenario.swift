import Yams

/// A scenario file: the options of an invocation, by their long names, in YAML.
///
///     description: what this shows
///     rate: 500
///     duration: 20s
///     at:
///       - "5s: kill -9 $WORKER"
package enum Scenario {
    /// The words of the command line that the file stands for. They come before the user's own, which
    /// thereby win.
    /// - Parameter known: the long names of the options, without dashes.
    /// - Throws: for what is no YAML mapping, and naming a key that is no option.
    package static func arguments(file: String, known: Set<String>) throws(UsageError) -> [String] {
        let text = try TextFile.read(file)
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw UsageError("\(file) is not YAML: \(firstLine("\(error)"))")
        }
        guard let mapping = node?.mapping else {
            throw UsageError("\(file) is no scenario: it has to be a YAML mapping of options")
        }
        var arguments: [String] = []
        for (key, value) in mapping {
            guard let name = key.string else {
                throw UsageError("\(file) has a key that is no text")
            }
            if name == "description" { continue }
            guard known.contains(name) else {
                throw UsageError("\(file): \"\(name)\" is no option of loadtest")
            }
            arguments += try words(name, value, file)
        }
        return arguments
    }

    private static func words(
        _ name: String, _ value: Node, _ file: String
    ) throws(UsageError) -> [String] {
        switch value {
        case .scalar(let scalar):
            if scalar.string == "true" { return name == "url" ? [] : ["--\(name)"] }
            if scalar.string == "false" { return [] }
            return name == "url" ? [scalar.string] : ["--\(name)", scalar.string]
        case .sequence(let sequence):
            var result: [String] = []
            for entry in sequence {
                guard let text = entry.scalar?.string else {
                    throw UsageError("\(file): \"\(name)\" has an entry that is no plain value")
                }
                result += ["--\(name)", text]
            }
            return result
        case .mapping, .alias:
            throw UsageError("\(file): \"\(name)\" has to be a value or a list of values")
        }
    }

    /// YAML errors have a picture of the place below the sentence.
    private static func firstLine(_ text: String) -> String {
        String(text.split(separator: "\n").first ?? "")
    }
}
