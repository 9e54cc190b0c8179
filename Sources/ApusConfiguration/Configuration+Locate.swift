import ApusModel

/// A model that is to be served, with its files.
package struct LocatedModel: Equatable, Sendable {
    package let location: ModelLocation
    /// What it was named by, or its place in the repository, as it was given.
    package let source: String
    package let settings: ModelSettings
    /// It was named, so that a server without it is not what was asked for; one that was found in the
    /// repository may fail alone.
    package let isRequired: Bool
}

extension Configuration {
    /// Looks for the files of all models, those of the repository included. A model that was named takes the
    /// place of the repository's model of that name.
    ///
    /// - Returns: the models; and the entries of the repository that are none, with the reasons.
    /// - Throws: all that is wrong: a model that was named and is not there, two of one name, a default
    ///   model that is none of them.
    package func locateModels() throws(ConfigurationErrors) -> (
        models: [LocatedModel], refused: [(path: String, error: RepositoryError)]
    ) {
        let found = lookForModels()
        guard found.errors.isEmpty else { throw ConfigurationErrors(all: found.errors) }
        return (found.models, found.refused)
    }

    /// The same, with what is wrong beside what was found.
    package func lookForModels() -> (
        models: [LocatedModel], refused: [(path: String, error: RepositoryError)], errors: [ConfigurationError]
    ) {
        var errors: [ConfigurationError] = []
        var models = located(&errors)
        var refused: [(path: String, error: RepositoryError)] = []
        if let repository {
            do throws(RepositoryError) {
                let found = try ModelRepository(repository)
                refused = found.refused
                let named = Set(models.map(\.location.name))
                models += found.models.filter { !named.contains($0.name) }.map {
                    LocatedModel(
                        location: $0, source: found.source(of: $0), settings: modelDefaults, isRequired: false)
                }
            } catch {
                errors.append(.badModel(error, at: nil))
            }
        }
        errors += faults(of: models.map(\.location))
        return (models, refused, errors)
    }

    private func located(_ errors: inout [ConfigurationError]) -> [LocatedModel] {
        models.compactMap { entry in
            do throws(RepositoryError) {
                let location = try entry.reference.locate()
                return LocatedModel(
                    location: location, source: entry.reference.path, settings: entry.settings, isRequired: true)
            } catch {
                errors.append(.badModel(error, at: nil))
                return nil
            }
        }
    }

    private func faults(of locations: [ModelLocation]) -> [ConfigurationError] {
        var faults: [ConfigurationError] = []
        for (name, same) in Dictionary(grouping: locations, by: \.name).sorted(by: { $0.key < $1.key })
        where same.count > 1 {
            faults.append(.badModel(.duplicateName(name, paths: same.map(\.path)), at: nil))
        }
        if let defaultModel, !locations.isEmpty, !locations.contains(where: { $0.name == defaultModel }) {
            faults.append(.unknownDefaultModel(defaultModel, models: locations.map(\.name)))
        }
        return faults
    }
}
