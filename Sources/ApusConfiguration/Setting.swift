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
    package let name: String?
    package let path: String
    package let origin: Origin
    /// What the file says for this model alone.
    package var settings: [Setting] = []

    package init(name: String?, path: String, origin: Origin, settings: [Setting] = []) {
        self.name = name
        self.path = path
        self.origin = origin
        self.settings = settings
    }

    /// - Parameter argument: `MODEL` or `NAME=MODEL`.
    package init(argument: String, origin: Origin) {
        let (name, path) = ModelName.split(argument)
        self.init(name: name, path: path, origin: origin)
    }
}
