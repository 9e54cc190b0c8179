/// A reader of Prometheus' text format 0.0.4 that accepts nothing else, for tests.
struct ExpositionChecker {
    struct Series: Hashable {
        var name: String
        var labels: [String: String]
    }

    struct Fault: Error, CustomStringConvertible {
        let line: String, reason: String
        var description: String { "\(reason): \(line)" }
    }

    private var types: [String: String] = [:]
    private var current = ""
    private var seen: Set<Series> = []
    private var series: [Series] = []
    /// By histogram and labels but `le`: the last bound and the last cumulative count.
    private var buckets: [Series: (bound: Double, count: Double)] = [:]

    /// - Returns: the series in their order.
    @discardableResult
    static func check(_ text: String) throws -> [Series] {
        var checker = ExpositionChecker()
        guard text.hasSuffix("\n") else {
            throw Fault(line: "", reason: "the last line has no end")
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            try checker.read(String(line))
        }
        return checker.series
    }

    private mutating func read(_ line: String) throws {
        if line.hasPrefix("# TYPE ") { return try readType(line) }
        if line.hasPrefix("# HELP ") { return }
        var rest = line[...]
        let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" })
        rest = rest.dropFirst(name.count)
        let labels = rest.first == "{" ? try readLabels(&rest, line) : [:]
        guard rest.first == " ", let value = Double(rest.dropFirst()), value >= 0 else {
            throw Fault(line: line, reason: "no value")
        }
        try add(Series(name: name, labels: labels), value, line)
    }

    private mutating func readType(_ line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 4, ["counter", "gauge", "histogram"].contains(words[3]) else {
            throw Fault(line: line, reason: "no type")
        }
        current = words[2]
        guard types.updateValue(words[3], forKey: current) == nil else {
            throw Fault(line: line, reason: "a family twice")
        }
        guard (words[3] == "counter") == current.hasSuffix("_total") else {
            throw Fault(line: line, reason: "a counter, and only a counter, ends in _total")
        }
    }

    private func readLabels(_ rest: inout Substring, _ line: String) throws -> [String: String] {
        var labels: [String: String] = [:]
        repeat {
            rest = rest.dropFirst()
            let name = String(rest.prefix { $0.isLetter || $0 == "_" })
            rest = rest.dropFirst(name.count)
            guard rest.hasPrefix("=\""), !name.isEmpty, labels[name] == nil else {
                throw Fault(line: line, reason: "no label")
            }
            rest = rest.dropFirst(2)
            labels[name] = try readValue(&rest, line)
        } while rest.first == ","
        guard rest.first == "}" else { throw Fault(line: line, reason: "labels without end") }
        rest = rest.dropFirst()
        return labels
    }

    private func readValue(_ rest: inout Substring, _ line: String) throws -> String {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                guard let escaped = rest.popFirst(),
                    let plain = ["\\": "\\", "\"": "\"", "n": "\n"][escaped]
                else {
                    throw Fault(line: line, reason: "an unknown escape")
                }
                value += plain
            default: value.append(character)
            }
        }
        throw Fault(line: line, reason: "a label value without end")
    }

    private mutating func add(_ series: Series, _ value: Double, _ line: String) throws {
        let isHistogram = types[current] == "histogram"
        let names = isHistogram ? ["_bucket", "_sum", "_count"].map { current + $0 } : [current]
        guard names.contains(series.name) else {
            throw Fault(line: line, reason: "outside its family")
        }
        guard seen.insert(series).inserted else {
            throw Fault(line: line, reason: "a series twice")
        }
        self.series.append(series)
        if isHistogram { try addHistogram(series, value, line) }
    }

    private mutating func addHistogram(_ series: Series, _ value: Double, _ line: String) throws {
        var labels = series.labels
        let le = labels.removeValue(forKey: "le")
        let histogram = Series(name: current, labels: labels)
        if series.name.hasSuffix("_bucket") {
            guard let bound = le.flatMap({ $0 == "+Inf" ? .infinity : Double($0) }) else {
                throw Fault(line: line, reason: "a bucket without bound")
            }
            let last = buckets.updateValue((bound, value), forKey: histogram)
            guard (last?.bound ?? -1) < bound, (last?.count ?? 0) <= value else {
                throw Fault(line: line, reason: "buckets out of order")
            }
        } else if series.name.hasSuffix("_count") {
            guard let last = buckets[histogram], last.bound == .infinity, last.count == value else {
                throw Fault(line: line, reason: "a count that is not that of the last bucket")
            }
        }
    }
}
