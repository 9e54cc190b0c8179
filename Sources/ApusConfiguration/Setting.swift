import ApusModel

/// Where a value came from.
package enum Origin: Equatable, Sendable, CustomStringConvertible {
    case flag(String)
    case variable(String)
    case file(String, line: Int)

    /// As it stands in a sentence.
    package var description: String {
        switch self {
        case .flag(let flag): flag
        case .variable(let name): name
        case .file(let path, let line): "\(path) line \(line)"
        }
    }

    /// Flags win over variables, variables over the file.
    var rank: Int {
        switch self {
        case .file: 0
        case .variable: 1
        case .flag: 2
        }
    }
}

/// The text that one place gives for one key. Not yet checked.
package struct Setting: Equatable, Sendable {
    package let name: String
    package let text: String
    package let origin: Origin

    package init(_ name: String, _ text: String, from origin: Origin) {
        self.name = name
        self.text = text
        self.origin = origin
    }
}

/// A model that one place asks for. Not yet checked.
package struct ModelRequest: Equatable, Sendable {
    package let reference: ModelReference
    package let origin: Origin
    /// What the file says for this model alone.
    package let settings: [Setting]

    /// - Throws: `badModel` when the name is not allowed or the path is empty.
    package init(
        _ reference: ModelReference, origin: Origin, settings: [Setting] = []
    ) throws(ConfigurationError) {
        if let name = reference.name, !ModelName.isValid(name) {
            throw .badModel(.badName(name), at: origin)
        }
        guard !reference.path.isEmpty else { throw .missingPath(at: origin) }
        self.reference = reference
        self.origin = origin
        self.settings = settings
    }

    /// - Parameter argument: `MODEL` or `NAME=MODEL`.
    package init(argument: String, origin: Origin) throws(ConfigurationError) {
        let reference: ModelReference
        do {
            reference = try ModelReference(argument: argument)
        } catch {
            throw .badModel(error, at: origin)
        }
        try self.init(reference, origin: origin)
    }
}
