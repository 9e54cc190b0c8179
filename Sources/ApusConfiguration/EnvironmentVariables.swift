/// The `APUS_…` variables of a process.
package struct EnvironmentVariables {
    package private(set) var settings: [Setting] = []
    package private(set) var models: [ModelRequest] = []
    /// `APUS_CONFIG`.
    package private(set) var configurationFile: String?
    package private(set) var errors: [ConfigurationError] = []

    /// - Parameter environment: all variables; those of others are left alone.
    package init(_ environment: [String: String]) {
        let keys = Key.all.filter { $0.places.contains(.variable) }
        let known = Dictionary(uniqueKeysWithValues: keys.map { ($0.variable, $0) })
        let names = known.keys.sorted() + [Self.models, Self.config]
        for (variable, text) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix("APUS_") {
            let origin = Origin.variable(variable)
            if let key = known[variable] {
                settings.append(Setting(key.name, text, from: origin))
            } else if variable == Self.config {
                configurationFile = text
            } else if variable == Self.models {
                readModels(text, from: origin)
            } else {
                let nearest = nearest(to: variable, among: names)
                errors.append(.unknownKey(variable, at: origin, nearest: nearest))
            }
        }
    }

    /// Names and paths with spaces in them are for flags and the file.
    private mutating func readModels(_ text: String, from origin: Origin) {
        for argument in text.split(whereSeparator: \.isWhitespace) {
            do {
                models.append(try ModelRequest(argument: String(argument), origin: origin))
            } catch {
                errors.append(error)
            }
        }
    }

    private static let models = "APUS_MODELS"
    private static let config = "APUS_CONFIG"
}
