/// The numbers of a Prometheus text page (Prometheus docs, "Text-based format").
package struct Prometheus: Equatable, Sendable {
    /// By name with labels, as it stands on the page.
    package private(set) var samples: [String: Double] = [:]

    package init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let end = Prometheus.endOfSeries(line) else { continue }
            let value = line[end...].split(separator: " ").first.flatMap { Prometheus.number($0) }
            if let value { samples[String(line[..<end])] = value }
        }
    }

    /// A label's value may have spaces, so the series ends after its brace.
    private static func endOfSeries(_ line: Substring) -> Substring.Index? {
        guard let space = line.firstIndex(of: " ") else { return nil }
        guard let brace = line.firstIndex(of: "{"), brace < space else { return space }
        return line.lastIndex(of: "}").map { line.index(after: $0) }
    }

    private static func number(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": nil
        default: Double(text)
        }
    }

    /// What happened between two pages: counters' growth, of those that grew.
    package func growth(since earlier: Prometheus) -> [String: Double] {
        var result: [String: Double] = [:]
        let endings = ["_total", "_sum", "_count", "_bucket"]  // what else there is may also fall
        for (series, value) in samples {
            let name = series.prefix { $0 != "{" }
            guard endings.contains(where: name.hasSuffix) else { continue }
            let grown = value - (earlier.samples[series] ?? 0)
            if grown > 0 { result[series] = grown }
        }
        return result
    }

    /// Mean of what each histogram saw between two pages, by its name without labels.
    package struct Mean: Equatable, Sendable {
        package var name: String
        package var count: Double
        package var mean: Double
    }

    package static func means(_ growth: [String: Double]) -> [Mean] {
        var sums: [String: Double] = [:]
        var counts: [String: Double] = [:]
        for (series, value) in growth {
            let name = series.prefix { $0 != "{" }
            if name.hasSuffix("_sum") { sums[String(name.dropLast(4)), default: 0] += value }
            if name.hasSuffix("_count") { counts[String(name.dropLast(6)), default: 0] += value }
        }
        return counts.keys.sorted().compactMap { name in
            sums[name].map { Mean(name: name, count: counts[name]!, mean: $0 / counts[name]!) }
        }
    }
}
