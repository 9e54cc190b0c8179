/// How far two numbers may be apart and still count as equal: `absolute + relative × |expected|`.
package struct Tolerance: Equatable, Sendable {
    package var absolute: Double
    package var relative: Double
    /// Members that may differ: they name the request, not the answer.
    package static let ignoredMembers: Set<String> = ["id", "model_version"]

    package init(absolute: Double = 1e-6, relative: Double = 1e-5) {
        self.absolute = absolute
        self.relative = relative
    }

    /// - Throws: the first difference, and where it is.
    package func compare(_ found: JSON, _ expected: JSON, at place: String) throws(WrongAnswer) {
        switch (found, expected) {
        case (.number, .number): try compareNumbers(found, expected, place)
        case (.array(let left), .array(let right)):
            guard left.count == right.count else {
                throw WrongAnswer("\(place) has \(left.count) elements, expected \(right.count)")
            }
            for index in left.indices {
                try compare(left[index], right[index], at: "\(place)[\(index)]")
            }
        case (.object(let left), .object(let right)):
            let names = Set(left.map(\.name)).union(right.map(\.name))
                .subtracting(Tolerance.ignoredMembers)
            for name in names.sorted() {
                guard let mine = found[name], let wanted = expected[name] else {
                    let what = found[name] == nil ? "lacks" : "has an unexpected"
                    throw WrongAnswer("\(place) \(what) \"\(name)\"")
                }
                try compare(mine, wanted, at: "\(place).\(name)")
            }
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _):
            guard found == expected else {
                throw WrongAnswer("\(place) is \(found.text), expected \(expected.text)")
            }
        }
    }

    private func compareNumbers(
        _ found: JSON, _ expected: JSON, _ place: String
    ) throws(WrongAnswer) {
        if found == expected { return }
        guard let left = found.double, let right = expected.double else { return }
        if left == right || (left.isNaN && right.isNaN) { return }
        guard abs(left - right) <= absolute + relative * abs(right) else {
            throw WrongAnswer("\(place) is \(found.text), expected \(expected.text)")
        }
    }
}
