import Glibc

/// Two reports side by side: which differences are larger than noise.
///
/// Noise is judged from the runs themselves: each second of a run is a sample of its rate and its
/// percentiles, each estimate of a search one of its limit. A difference counts when it lies outside the
/// 95 % confidence interval of Welch's t-test, and is more than 1 %.
package struct Comparison {
    package struct Line: Equatable {
        package var name: String
        package var before: Double
        package var after: Double
        /// Of the difference.
        package var standardError: Double
        package var freedom: Int
        package var isDuration: Bool
        package var higherIsBetter: Bool

        /// Relative; from nothing to something is infinitely much.
        package var change: Double {
            before == 0 ? (after == 0 ? 0 : .infinity) : (after - before) / before
        }

        package var isReal: Bool {
            abs(after - before) > Statistics.t(freedom: freedom) * standardError
                && abs(change) > 0.01 && freedom > 0
        }
    }

    package private(set) var lines: [Line] = []

    /// - Throws: when a file is no report of loadtest, or the two have nothing in common.
    package init(_ before: String, _ after: String) throws(UsageError) {
        let left = try Comparison.read(before)
        let right = try Comparison.read(after)
        if let a = Comparison.estimates(left), let b = Comparison.estimates(right) {
            add("rate that holds the objective", a, b, isDuration: false, higherIsBetter: true)
        }
        let runs = (left["runs"]?.array ?? [], right["runs"]?.array ?? [])
        for (index, (a, b)) in zip(runs.0, runs.1).enumerated() {
            add(run: a, b, runs.0.count > 1 ? "run \(index + 1) " : "")
        }
        guard !lines.isEmpty else {
            throw UsageError("\(before) and \(after) have no run in common")
        }
    }

    private static func read(_ file: String) throws(UsageError) -> JSON {
        let bytes = try TextFile.bytes(file)
        guard let json = try? JSON.parse(bytes), json["loadtest"] != nil else {
            throw UsageError("\(file) is not a report written by loadtest --json")
        }
        return json
    }

    private static func estimates(_ report: JSON) -> [Double]? {
        report["search"]?["estimates"]?.array?.compactMap(\.double)
    }

    private mutating func add(run a: JSON, _ b: JSON, _ prefix: String) {
        let rate: (JSON) -> Double? = { interval in
            guard let count = interval["answered"]?.double,
                let seconds = interval["seconds"]?.double
            else { return nil }
            return count / seconds
        }
        add(
            prefix + "answered/s", Comparison.samples(a, rate), Comparison.samples(b, rate),
            isDuration: false, higherIsBetter: true)
        for (name, key) in [("p50", "p50_us"), ("p99", "p99_us"), ("max", "max_us")] {
            let value: (JSON) -> Double? = { interval in
                // 0 where nothing was measured. What was only given up is no answer, and counts.
                (interval["max_us"]?.double ?? 0) > 0 ? interval[key]?.double : nil
            }
            add(
                "\(prefix)\(name) of each second", Comparison.samples(a, value),
                Comparison.samples(b, value), isDuration: true, higherIsBetter: false)
        }
        addFailures(a, b, prefix)
    }

    private static func samples(_ run: JSON, _ value: (JSON) -> Double?) -> [Double] {
        (run["intervals"]?.array ?? []).filter {
            ($0["seconds"]?.double ?? 0) > 0.5 && !isDrain($0, of: run)
        }.compactMap(value)
    }

    /// The answers after the last request: no sample of what the server does while it is asked.
    ///
    /// In a result without the mark they are what begins where the reported part ends, or as much earlier
    /// as a timer may be.
    private static func isDrain(_ interval: JSON, of run: JSON) -> Bool {
        if let mark = interval["drain"] { return mark == .bool(true) }
        guard let start = interval["start_s"]?.double, let end = run["seconds"]?.double else {
            return false
        }
        return start > end - 0.01
    }

    /// Failures are counts: the share's error is the binomial one.
    private mutating func addFailures(_ a: JSON, _ b: JSON, _ prefix: String) {
        func share(_ run: JSON) -> (share: Double, count: Double) {
            let failed = run["failed"]?.double ?? 0
            let count = failed + (run["good"]?.double ?? 0)
            return (count == 0 ? 0 : failed / count, max(count, 1))
        }
        let (left, right) = (share(a), share(b))
        guard left.share > 0 || right.share > 0 else { return }
        let error =
            (left.share * (1 - left.share) / left.count
            + right.share * (1 - right.share) / right.count).squareRoot()
        lines.append(
            Line(
                name: prefix + "failed, % of all", before: left.share * 100,
                after: right.share * 100,
                standardError: error * 100, freedom: Comparison.freedom(left.count + right.count),
                isDuration: false,
                higherIsBetter: false))
    }

    private mutating func add(
        _ name: String, _ before: [Double], _ after: [Double], isDuration: Bool,
        higherIsBetter: Bool
    ) {
        guard !before.isEmpty, !after.isEmpty else { return }
        let (a, b) = (Statistics(before), Statistics(after))
        let error = (a.standardError * a.standardError + b.standardError * b.standardError)
            .squareRoot()
        lines.append(
            Line(
                name: name, before: a.mean, after: b.mean, standardError: error,
                freedom: Comparison.freedom(a, b), isDuration: isDuration,
                higherIsBetter: higherIsBetter))
    }

    /// Welch and Satterthwaite's degrees of freedom, rounded down.
    private static func freedom(_ a: Statistics, _ b: Statistics) -> Int {
        guard a.count > 1, b.count > 1 else { return 0 }
        let (va, vb) = (a.standardError * a.standardError, b.standardError * b.standardError)
        guard va + vb > 0 else { return a.count + b.count - 2 }
        let value =
            (va + vb) * (va + vb)
            / (va * va / Double(a.count - 1) + vb * vb / Double(b.count - 1))
        return freedom(value)
    }

    /// Rounded down, at least 1. A billion stands for more, and for what is not finite: a file may have numbers
    /// that no run has.
    private static func freedom(_ value: Double) -> Int {
        value < 1e9 ? Int(max(1, value)) : 1_000_000_000
    }

    package func table() -> String {
        var text = ""
        for line in lines {
            let values =
                line.isDuration
                ? "\(Quantity.duration(line.before * 1e3)) → \(Quantity.duration(line.after * 1e3))"
                : "\(Quantity.three(line.before)) → \(Quantity.three(line.after))"
            let percent = (line.change < 0 ? "" : "+") + Quantity.fixed(line.change * 100, 1) + " %"
            let verdict: String
            if line.freedom == 0 {
                verdict = "cannot tell: too few samples"
            } else if !line.isReal {
                verdict = "within noise (± \(Quantity.fixed(noise(line), 1)) %)"
            } else {
                verdict = (line.after > line.before) == line.higherIsBetter ? "BETTER" : "WORSE"
            }
            let name = line.name + String(repeating: " ", count: max(1, 32 - line.name.count))
            text += "\(name)\(values)  \(percent)  \(verdict)\n"
        }
        return text
    }

    private func noise(_ line: Line) -> Double {
        line.before == 0
            ? 0 : Statistics.t(freedom: line.freedom) * line.standardError / line.before * 100
    }

    /// Whether something got worse by more than noise.
    package var hasWorsened: Bool {
        lines.contains { $0.isReal && ($0.after > $0.before) != $0.higherIsBetter }
    }
}
