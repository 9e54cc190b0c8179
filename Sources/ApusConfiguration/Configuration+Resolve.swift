/// A configuration with the origin of each value that is not a default.
package struct ResolvedConfiguration: Equatable, Sendable {
    package var configuration: Configuration
    /// By the name of the key.
    package var origins: [String: Origin]
}

/// Everything that was said, by whatever way.
package struct ConfigurationSources {
    package var flags: [Setting] = []
    /// The positional arguments, `MODEL` or `NAME=MODEL`.
    package var models: [String] = []
    /// `--config`; wins over `APUS_CONFIG`.
    package var configurationFile: String?
    package var environment: [String: String] = [:]
    /// False for `apus check`, which looks at a file that may leave the model to a flag.
    package var mustServe = true

    package init() {}

    /// Flags win over variables, variables over the file, the file over what a container's platform says, and that over
    /// the defaults.
    ///
    /// A key that is set for the whole server by a flag or variable wins over what the file says for
    /// one model. Models from flags replace those of variables, and those the file's.
    ///
    /// - Throws: every error there is, in the order in which a reader meets them.
    package func resolve() throws(ConfigurationErrors) -> ResolvedConfiguration {
        var errors: [ConfigurationError] = []
        let variables = EnvironmentVariables(environment)
        var file: ConfigurationFile?
        do throws(ConfigurationError) {
            file = try (configurationFile ?? variables.configurationFile).map(ConfigurationFile.init(path:))
        } catch {
            errors.append(error)
        }
        errors += (file?.errors ?? []) + variables.errors

        var draft = Draft(errors: errors)
        let platform = PlatformVariables(environment)
        for setting in platform.settings + (file?.settings ?? []) + variables.settings + flags { draft.apply(setting) }
        draft.add([draft.read(models), variables.models].first { !$0.isEmpty } ?? file?.models ?? [])
        if mustServe { draft.addModel(of: platform) }
        draft.checkWhole(mustServe: mustServe)
        guard draft.errors.isEmpty else { throw ConfigurationErrors(all: draft.errors) }
        return draft.resolved
    }
}

/// What is known so far, with what was wrong so far.
private struct Draft {
    var errors: [ConfigurationError]
    var resolved = ResolvedConfiguration(configuration: Configuration(), origins: [:])

    mutating func apply(_ setting: Setting) {
        guard let key = Key.all.first(where: { $0.name == setting.name }) else {
            preconditionFailure("settings are made from keys")
        }
        if key.set(setting.text, &resolved.configuration) {
            resolved.origins[key.name] = setting.origin
        } else {
            refuse(setting, key)
        }
    }

    /// The requests of positional arguments.
    mutating func read(_ arguments: [String]) -> [ModelRequest] {
        arguments.compactMap { argument in
            do throws(ConfigurationError) {
                return try ModelRequest(argument: argument, origin: .flag("MODEL"))
            } catch {
                errors.append(error)
                return nil
            }
        }
    }

    mutating func add(_ requests: [ModelRequest]) {
        for request in requests {
            let entry = ModelEntry(request.reference, settings: settings(of: request))
            resolved.configuration.models.append(entry)
            resolved.origins[Key.models] = request.origin
        }
    }

    /// The model of a container's platform is served when nobody named another.
    mutating func addModel(of platform: PlatformVariables) {
        guard resolved.configuration.models.isEmpty, resolved.configuration.repository == nil else { return }
        do throws(ConfigurationError) {
            add(try platform.models())
        } catch {
            errors.append(error)
        }
    }

    private mutating func settings(of request: ModelRequest) -> ModelSettings {
        var settings = resolved.configuration.modelDefaults
        for setting in request.settings {
            guard let key = Key.all.first(where: { $0.name == setting.name }), let set = key.setForModel else {
                preconditionFailure("a model's settings are made from its keys")
            }
            let general = resolved.origins[key.name]?.rank ?? 0
            if general > setting.origin.rank {
                var unused = ModelSettings()
                if !set(setting.text, &unused) { refuse(setting, key) }
            } else if !set(setting.text, &settings) {
                refuse(setting, key)
            }
        }
        return settings
    }

    private mutating func refuse(_ setting: Setting, _ key: Key) {
        errors.append(.badValue(key: key.name, found: setting.text, expected: key.expected, at: setting.origin))
    }

    mutating func checkWhole(mustServe: Bool) {
        let configuration = resolved.configuration
        guard mustServe, errors.isEmpty, configuration.models.isEmpty else { return }
        if configuration.repository == nil { errors.append(.nothingToServe) }
    }
}
