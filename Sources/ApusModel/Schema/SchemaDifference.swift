import ApusWire

/// What changed from one version of a model to the next, and whether a client of the old one can go on unchanged.
package struct SchemaDifference: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case removed, added, renamed, moved, retyped, reshaped, required, optional
        /// Defaults, categories, ranges, class labels.
        case values
    }

    package enum Role: String, Sendable { case input, column, output }

    package struct Change: Equatable, Sendable {
        package let kind: Kind
        package let role: Role
        /// What the old version calls it; the new version, if the old one does not have it.
        package let name: String
        /// Requests that the old version answers are answered by the new one in the same form.
        package let isCompatible: Bool
        /// A clause that names it, what was and what is.
        package let text: String
    }

    /// Inputs before columns before outputs, in the old version's order.
    package private(set) var changes: [Change] = []

    package var isCompatible: Bool { changes.allSatisfy(\.isCompatible) }

    /// The incompatible changes as one sentence, the first of them if there are many; empty when there are none.
    package var sentence: String {
        let broken = changes.filter { !$0.isCompatible }
        let shown = broken.prefix(8).map(\.text).joined(separator: "; ")
        return broken.count > 8 ? "\(shown); and \(broken.count - 8) more" : shown
    }

    package init(from old: ModelSchema, to new: ModelSchema) {
        compareInputs(old, new)
        compareFeatures(old, new)
        compareOutputs(old, new)
    }

    private mutating func note(_ kind: Kind, _ role: Role, _ name: String, compatible: Bool, _ text: String) {
        changes.append(Change(kind: kind, role: role, name: name, isCompatible: compatible, text: text))
    }

    // MARK: Inputs

    private mutating func compareInputs(_ old: ModelSchema, _ new: ModelSchema) {
        for (index, input) in old.inputs.enumerated() {
            if let place = new.inputs.firstIndex(where: { $0.name == input.name }) {
                compare(input, new.inputs[place])
                if place != index, old.inputs.count == new.inputs.count {
                    note(.moved, .input, input.name, compatible: false,
                        "input '\(input.name)' was number \(index + 1) and is now number \(place + 1)")
                }
            } else if let other = Self.successor(of: index, old, new) {
                note(.renamed, .input, input.name, compatible: false,
                    "input '\(input.name)' was renamed to '\(other.name)'")
            } else {
                note(.removed, .input, input.name, compatible: false, "input '\(input.name)' was removed")
            }
        }
        for (index, input) in new.inputs.enumerated() where !old.inputs.contains(where: { $0.name == input.name }) {
            if Self.predecessor(of: index, old, new) != nil { continue }
            let isRequired = new.features.contains { $0.input == index && $0.isRequired }
            note(.added, .input, input.name, compatible: !isRequired,
                "input '\(input.name)' is new" + (isRequired ? " and required" : ""))
        }
    }

    private mutating func compare(_ old: TensorSpec, _ new: TensorSpec) {
        if old.elementType != new.elementType {
            note(.retyped, .input, old.name, compatible: false,
                "input '\(old.name)' was \(old.elementType.datatype) and is now \(new.elementType.datatype)")
        }
        if old.shape != new.shape {
            note(.reshaped, .input, old.name, compatible: Self.admits(old.shape, in: new.shape),
                "input '\(old.name)' had shape \(old.shapeText) and has now \(new.shapeText)")
        }
    }

    /// The new version's input in the same place, of the same type and shape, whose name the old one does not have.
    private static func successor(of index: Int, _ old: ModelSchema, _ new: ModelSchema) -> TensorSpec? {
        guard old.inputs.count == new.inputs.count else { return nil }
        let (before, after) = (old.inputs[index], new.inputs[index])
        guard before.elementType == after.elementType, before.shape == after.shape else { return nil }
        return old.inputs.contains { $0.name == after.name } ? nil : after
    }

    private static func predecessor(of index: Int, _ old: ModelSchema, _ new: ModelSchema) -> TensorSpec? {
        guard old.inputs.count == new.inputs.count else { return nil }
        let before = old.inputs[index]
        guard !new.inputs.contains(where: { $0.name == before.name }) else { return nil }
        return successor(of: index, old, new) == nil ? nil : before
    }

    /// Whether every shape that `old` describes is one that `new` describes.
    private static func admits(_ old: [Int?], in new: [Int?]) -> Bool {
        old.count == new.count && zip(old, new).allSatisfy { $1 == nil || $0 == $1 }
    }

    // MARK: Features

    private mutating func compareFeatures(_ old: ModelSchema, _ new: ModelSchema) {
        let before = old.features.filter { $0.column != nil || new.features.has($0.name, asColumn: false) }
        for feature in before {
            if let other = new.features.first(where: { $0.name == feature.name && ($0.column == nil) == (feature.column == nil) }) {
                compare(feature, other)
            } else if let other = new.features.first(where: { $0.isInPlace(of: feature) }),
                !old.features.contains(where: { $0.name == other.name }) {
                note(.renamed, .column, feature.name, compatible: false,
                    "column '\(feature.name)' was renamed to '\(other.name)'")
            } else {
                note(.removed, .column, feature.name, compatible: false, "column '\(feature.name)' was removed")
            }
        }
        guard old.hasColumns else { return }
        for feature in new.features where feature.column != nil && !old.features.has(feature.name, asColumn: true) {
            let isRenamed = old.features.contains { $0.isInPlace(of: feature) && !new.features.has($0.name, asColumn: true) }
            if isRenamed { continue }
            note(.added, .column, feature.name, compatible: !feature.isRequired,
                "column '\(feature.name)' is new" + (feature.isRequired ? " and required" : ""))
        }
    }

    private mutating func compare(_ old: FeatureSpec, _ new: FeatureSpec) {
        let role: Role = old.column == nil ? .input : .column
        let name = "\(role.rawValue) '\(old.name)'"
        if let before = old.column, let after = new.column, before != after {
            note(.moved, role, old.name, compatible: false,
                "\(name) was number \(before + 1) and is now number \(after + 1)")
        }
        // A whole input's own type was compared with the tensor.
        let isTold = changes.contains { $0.kind == .retyped && $0.role == role && $0.name == old.name }
        if old.elementType != new.elementType, !isTold {
            note(.retyped, role, old.name, compatible: old.elementType.isWithin(new.elementType),
                "\(name) was \(old.elementType.datatype) and is now \(new.elementType.datatype)")
        }
        if old.isBase64 != new.isBase64 {
            note(.retyped, role, old.name, compatible: false,
                "\(name) was \(old.isBase64 ? "base64" : "plain text") and is now \(new.isBase64 ? "base64" : "plain text")")
        }
        if old.isRequired != new.isRequired {
            note(new.isRequired ? .required : .optional, role, old.name, compatible: !new.isRequired,
                new.isRequired ? "\(name) was optional and is now required" : "\(name) is optional now")
        }
        compareValues(old, new, role, name)
    }

    private mutating func compareValues(_ old: FeatureSpec, _ new: FeatureSpec, _ role: Role, _ name: String) {
        if old.categories != new.categories {
            let isWider = new.categories.isEmpty
                || (!old.categories.isEmpty && old.categories.allSatisfy(new.categories.contains))
            let lost = old.categories.filter { !new.categories.contains($0) }.prefix(4)
            let what = old.categories.isEmpty ? "takes only some values now" : "takes other values now"
            let which = isWider || lost.isEmpty ? "" : ", no longer \(lost.map { "'\($0.description)'" }.joined(separator: ", "))"
            note(.values, role, old.name, compatible: isWider, "\(name) \(what)\(which)")
        }
        if old.range != new.range {
            note(.values, role, old.name, compatible: true,
                "\(name) was expected to be \(old.range ?? "any number") and is now \(new.range ?? "any number")")
        }
        if old.defaultValue != new.defaultValue, let after = new.defaultValue {
            let before = old.defaultValue.map { "was '\($0.description)'" } ?? "was none"
            note(.values, role, old.name, compatible: true,
                "the default of \(name) \(before) and is now '\(after.description)'")
        }
    }

    // MARK: Outputs

    private mutating func compareOutputs(_ old: ModelSchema, _ new: ModelSchema) {
        for output in old.outputs {
            guard let other = new.outputs.first(where: { $0.name == output.name }) else {
                note(.removed, .output, output.name, compatible: false, "output '\(output.name)' was removed")
                continue
            }
            compareOutput(output, other)
        }
        for output in new.outputs where !old.outputs.contains(where: { $0.name == output.name }) {
            // The answers of a single output have no names on some protocols.
            let isAlone = old.outputs.count == 1
            note(.added, .output, output.name, compatible: !isAlone,
                "output '\(output.name)' is new" + (isAlone ? " where there was only '\(old.outputs[0].name)'" : ""))
        }
    }

    private mutating func compareOutput(_ old: TensorSpec, _ new: TensorSpec) {
        let name = "output '\(old.name)'"
        if old.elementType != new.elementType {
            note(.retyped, .output, old.name, compatible: false,
                "\(name) was \(old.elementType.datatype) and is now \(new.elementType.datatype)")
        }
        if old.shape != new.shape {
            note(.reshaped, .output, old.name, compatible: Self.admits(new.shape, in: old.shape),
                "\(name) had shape \(old.shapeText) and has now \(new.shapeText)")
        }
        if old.labels != new.labels {
            note(.values, .output, old.name, compatible: old.labels == nil, "\(name) has other class labels now")
        }
    }
}

extension [FeatureSpec] {
    fileprivate func has(_ name: String, asColumn: Bool) -> Bool {
        contains { $0.name == name && ($0.column != nil) == asColumn }
    }
}

extension FeatureSpec {
    /// The same column of the same input, by another name or not.
    fileprivate func isInPlace(of other: FeatureSpec) -> Bool {
        column != nil && input == other.input && column == other.column && elementType == other.elementType
    }
}

extension ElementType {
    /// Every value of this type is one of `wider`.
    fileprivate func isWithin(_ wider: ElementType) -> Bool {
        if self == wider { return true }
        if self == .string || wider == .string { return false }
        if self == .bool || wider.isFloatingPoint { return !isFloatingPoint || wider == .float64 }
        guard let own = integerRange, let other = wider.integerRange else { return false }
        return other.contains(own.lowerBound) && other.contains(own.upperBound)
    }
}
