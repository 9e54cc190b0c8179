import ApusModel

/// Which of a model's versions are served.
package enum VersionPolicy: Equatable, Sendable {
    /// The highest, so many of them.
    case latest(Int)
    case all
    /// These, as far as they are there.
    case these([Int])

    /// - Parameter versions: by ascending number.
    package func choose(from versions: [ModelLocation.Version]) -> [ModelLocation.Version] {
        switch self {
        case .latest(let count): versions.suffix(count)
        case .all: versions
        case .these(let numbers): versions.filter { numbers.contains($0.number) }
        }
    }
}

extension VersionPolicy: CustomStringConvertible {
    /// `latest:2`, `all`, `1,3`. A file may also say `{latest: 2}` and `[1, 3]`.
    package init?(_ text: String) {
        if text == "all" {
            self = .all
        } else if text.hasPrefix("latest:") {
            guard let count = wholeNumber(text.dropFirst("latest:".count)), count > 0 else { return nil }
            self = .latest(count)
        } else {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { wholeNumber($0) }
            guard !numbers.contains(where: { $0 == nil || $0 == 0 }) else { return nil }
            self = .these(numbers.compactMap { $0 })
        }
    }

    package var description: String {
        switch self {
        case .latest(let count): "latest:\(count)"
        case .all: "all"
        case .these(let numbers): numbers.map(String.init).joined(separator: ",")
        }
    }
}

/// Names for versions of a model, such as `stable`.
package struct VersionLabels: Equatable, Sendable {
    /// The version of each name.
    package var versions: [String: Int] = [:]

    package init() {}

    /// The names of a version, sorted.
    package func names(of version: Int) -> [String] {
        versions.filter { $0.value == version }.map(\.key).sorted()
    }
}

extension VersionLabels: CustomStringConvertible {
    /// `canary:4,stable:3`; empty for none. A file may also say `{stable: 3, canary: 4}`.
    package init?(_ text: String) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) where !text.isEmpty {
            let words = part.split(separator: ":", omittingEmptySubsequences: false)
            guard words.count == 2, ModelName.isValid(String(words[0])), let version = wholeNumber(words[1]),
                version > 0, versions.updateValue(version, forKey: String(words[0])) == nil
            else { return nil }
        }
    }

    package var description: String {
        versions.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
    }
}

extension ValueForm where Value == VersionPolicy {
    static var versions: Self {
        ValueForm(
            expected: "latest:N, all, or version numbers such as 1,3", placeholder: "latest:N|all|N,N",
            isList: true, read: { VersionPolicy($0) }, write: { $0.description })
    }
}

extension ValueForm where Value == VersionLabels {
    static var labels: Self {
        ValueForm(
            expected: "names of versions such as stable:3,canary:4", placeholder: "NAME:N,NAME:N",
            isList: true, read: { VersionLabels($0) }, write: { $0.description })
    }
}
