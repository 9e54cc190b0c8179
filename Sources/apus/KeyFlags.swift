import ApusConfiguration
import ArgumentParser

/// The flags of all keys, made from their declarations.
///
/// ArgumentParser learns a command's flags from a mirror of its properties, and gives their values by
/// decoding them by the same names. This type has one stored property, and shows a mirror with a
/// property per key.
struct KeyFlags: ParsableArguments, CustomReflectable {
    private(set) var settings: [Setting] = []

    init() {}

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Name.self)
        for key in Self.keys {
            let text =
                key.isSwitch
                ? try values.decode(Flag<Bool?>.self, forKey: Name(key)).wrappedValue.map { String($0) }
                : try values.decode(Option<String?>.self, forKey: Name(key)).wrappedValue
            if let text { settings.append(Setting(key.name, text, from: .flag(key.flag))) }
        }
    }

    var customMirror: Mirror {
        Mirror(self, children: Self.keys.map { (label: $0.name, value: Self.argument(for: $0)) })
    }

    private static var keys: [Key] { Key.all.filter { $0.places.contains(.flag) } }

    private static func argument(for key: Key) -> Any {
        key.isSwitch
            ? Flag<Bool?>(name: .customLong(key.name), inversion: .prefixedNo, help: key.help)
            : Option<String?>(name: .customLong(key.name), help: key.help)
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ key: Key) { stringValue = key.name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension Key {
    /// The line of `--help`.
    var help: ArgumentHelp {
        let shown = defaultText.isEmpty || isSwitch ? "" : " (default: \(defaultText.replacing("`", with: "")))"
        return ArgumentHelp("\(doc.replacing("`", with: ""))\(shown)", valueName: placeholder)
    }
}
