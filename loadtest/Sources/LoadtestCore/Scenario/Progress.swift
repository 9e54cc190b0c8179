import Glibc

/// What is shown while it runs: one line that is refreshed on a terminal, plain lines elsewhere. On
/// standard error, so that standard output has the result alone.
package struct Progress: Sendable {
    private let isQuiet: Bool
    private let isTerminal: Bool

    package init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = isatty(2) == 1
    }

    /// A line that stays.
    package func say(_ text: String) {
        guard !isQuiet else { return }
        TextFile.put((isTerminal ? "\r\u{1b}[K" : "") + text + "\n", on: 2)
    }

    package func show(_ interval: Interval, _ mark: Measurement.Mark?) {
        if let mark { return say("\(Quantity.fixed(mark.at, 1)) s: \(mark.command)") }
        var text = "\(Quantity.three(interval.answeredRate)) requests/s"
        text += "  p50 \(Quantity.duration(interval.histogram.at(50)))"
        text += "  p99 \(Quantity.duration(interval.histogram.at(99)))"
        text +=
            "  max \(Quantity.duration(interval.histogram.longest))  errors \(interval.failureCount)"
        refresh(text)
    }

    package func show(_ point: Search.Point) {
        var text = "\(Quantity.grouped(point.rate)) requests/s: "
        text += point.held ? "held" : "broken (\(point.reason))"
        text += "  p50 \(Quantity.duration(point.p50))  p99 \(Quantity.duration(point.p99))"
        say(text)
    }

    package func show(_ entry: Report.Entry) {
        let at = entry.coordinates.map { "\($0.name) \(Quantity.grouped($0.value))" }
        let run = entry.measurement
        say(
            "\(at.joined(separator: ", ")): \(Quantity.three(run.answeredRate)) requests/s  p50 \(Quantity.duration(run.latency.at(50)))  p99 \(Quantity.duration(run.latency.at(99)))  errors \(run.failureCount)"
        )
    }

    /// Leaves the refreshed line.
    package func end() {
        if isTerminal && !isQuiet { TextFile.put("\r\u{1b}[K", on: 2) }
    }

    private func refresh(_ text: String) {
        guard !isQuiet else { return }
        TextFile.put(isTerminal ? "\r\u{1b}[K" + text : text + "\n", on: 2)
    }
}
