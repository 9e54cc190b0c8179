/// One thing that can be configured: the single declaration from which come its flag, its variable,
/// its key in the file, its line in `apus check` and its row in the README.
package struct Key: Sendable {
    /// Where a value may stand.
    package enum Place: Sendable { case flag, variable, file }

    /// `max-batch`: the flag is `--max-batch`, the variable `APUS_MAX_BATCH`.
    package let name: String
    /// One line for `--help` and the README, without a full stop.
    package let doc: String
    package let places: Set<Place>
    /// Ends the sentence "… is expected".
    package let expected: String
    /// Stands for the value in usage: `ROWS`.
    package let placeholder: String
    /// The default as one would write it, or what it depends on; empty for none.
    package let defaultText: String
    /// Whether the flag stands alone, as `--access-log` does.
    package let isSwitch: Bool
    package let isPath: Bool
    /// Whether the file may have a list `[a, b]` for `a,b`, and a mapping `{a: b}` for `a:b`.
    package let isList: Bool

    /// Reads a value into a configuration; false when the text is not what is expected.
    let set: @Sendable (String, inout Configuration) -> Bool
    /// The value that a configuration holds, as text; empty for none.
    package let text: @Sendable (Configuration) -> String
    /// As `set`, for one model; nil when the key does not differ from model to model.
    let setForModel: (@Sendable (String, inout ModelSettings) -> Bool)?

    package var flag: String { "--\(name)" }

    package var variable: String {
        "APUS_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    package var isPerModel: Bool { setForModel != nil }
}

extension Key {
    /// A key for the whole server.
    init<Value>(
        _ name: String, _ property: WritableKeyPath<Configuration, Value> & Sendable,
        _ form: ValueForm<Value>, default defaultText: String? = nil,
        in places: Set<Place> = [.flag, .variable, .file], _ doc: String
    ) {
        self.init(name, property, form, defaultText, places, doc, setForModel: nil)
    }

    /// A key that may also stand in an entry of `models`.
    init<Value>(
        perModel name: String, _ property: WritableKeyPath<ModelSettings, Value> & Sendable,
        _ form: ValueForm<Value>, default defaultText: String? = nil, _ doc: String
    ) {
        let setForModel: @Sendable (String, inout ModelSettings) -> Bool = { text, settings in
            guard let value = form.read(text) else { return false }
            settings[keyPath: property] = value
            return true
        }
        self.name = name
        self.doc = doc
        places = [.flag, .variable, .file]
        expected = form.expected
        placeholder = form.placeholder
        self.defaultText = defaultText ?? form.write(ModelSettings()[keyPath: property])
        isSwitch = Value.self == Bool.self
        isPath = form.isPath
        isList = form.isList
        set = { setForModel($0, &$1.modelDefaults) }
        text = { form.write($0.modelDefaults[keyPath: property]) }
        self.setForModel = setForModel
    }

    private init<Value>(
        _ name: String, _ property: WritableKeyPath<Configuration, Value> & Sendable,
        _ form: ValueForm<Value>, _ defaultText: String?, _ places: Set<Place>, _ doc: String,
        setForModel: (@Sendable (String, inout ModelSettings) -> Bool)?
    ) {
        self.name = name
        self.doc = doc
        self.places = places
        expected = form.expected
        placeholder = form.placeholder
        self.defaultText = defaultText ?? form.write(Configuration()[keyPath: property])
        isSwitch = Value.self == Bool.self
        isPath = form.isPath
        isList = form.isList
        set = { text, configuration in
            guard let value = form.read(text) else { return false }
            configuration[keyPath: property] = value
            return true
        }
        text = { form.write($0[keyPath: property]) }
        self.setForModel = setForModel
    }
}
