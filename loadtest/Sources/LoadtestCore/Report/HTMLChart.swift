/// A line chart as inline SVG. Colours come from the page's style sheet by class, so that one picture
/// serves light and dark.
struct HTMLChart {
    struct Series {
        var name: String
        /// The CSS class: `a`, `b`, `c`, `bad`.
        var style: String
        /// In data units, ascending in x.
        var points: [(x: Double, y: Double)]
        /// Dots without a line.
        var isScatter = false
    }

    /// A vertical line with a word.
    struct Mark {
        var x: Double
        var label: String
    }

    enum Scale: Equatable { case linear, logarithmic }

    var title: String
    var note = ""
    var series: [Series]
    var marks: [Mark] = []
    var xLabel: String
    var xScale = Scale.linear
    var yScale = Scale.linear
    /// Text of a tick.
    var xText: (Double) -> String
    var yText: (Double) -> String
    /// Ticks to use instead of round numbers.
    var xTicks: [Double]?
    var startsAtZero = true

    private static let width = 860.0
    private static let height = 300.0
    private static let left = 78.0
    private static let right = 16.0
    private static let top = 30.0
    private static let bottom = 46.0

    func html() -> String {
        let points = series.flatMap(\.points).filter { yScale == .linear || $0.y > 0 }
        guard points.count > 1,
            let x = Axis(points.map(\.x), xScale, startsAtZero: xScale == .linear, headroom: 0),
            let y = Axis(points.map(\.y), yScale, startsAtZero: startsAtZero, headroom: 0.06)
        else { return "" }
        var svg =
            "<svg viewBox=\"0 0 \(Int(HTMLChart.width)) \(Int(HTMLChart.height))\" role=\"img\" aria-label=\"\(HTML.escape(title))\">"
        svg += grid(x, y)
        for mark in marks { svg += draw(mark, x) }
        for line in series { svg += draw(line, x, y) }
        svg += "</svg>"
        let legend = series.map { "<span class=\"key \($0.style)\">\(HTML.escape($0.name))</span>" }
        return
            "<figure><figcaption><b>\(HTML.escape(title))</b>\(legend.joined())</figcaption>\(svg)"
            + (note.isEmpty ? "" : "<p class=\"note\">\(HTML.escape(note))</p>") + "</figure>"
    }

    private func px(_ value: Double, _ axis: Axis) -> Double {
        HTMLChart.left + axis.place(value) * (HTMLChart.width - HTMLChart.left - HTMLChart.right)
    }

    private func py(_ value: Double, _ axis: Axis) -> Double {
        HTMLChart.height - HTMLChart.bottom
            - axis.place(value) * (HTMLChart.height - HTMLChart.top - HTMLChart.bottom)
    }

    private func grid(_ x: Axis, _ y: Axis) -> String {
        let low = HTMLChart.height - HTMLChart.bottom
        var svg = ""
        for tick in y.ticks(count: 5) {
            let at = HTML.point(py(tick, y))
            svg +=
                "<line class=\"grid\" x1=\"\(Int(HTMLChart.left))\" x2=\"\(Int(HTMLChart.width - HTMLChart.right))\" y1=\"\(at)\" y2=\"\(at)\"/>"
            svg +=
                "<text x=\"\(Int(HTMLChart.left - 8))\" y=\"\(at)\" dy=\"4\" text-anchor=\"end\">\(HTML.escape(yText(tick)))</text>"
        }
        for tick in xTicks ?? x.ticks(count: 8)
        where tick >= x.low * 0.999 && tick <= x.high * 1.001 {
            let at = HTML.point(px(tick, x))
            svg +=
                "<line class=\"grid\" x1=\"\(at)\" x2=\"\(at)\" y1=\"\(Int(HTMLChart.top))\" y2=\"\(Int(low))\"/>"
            svg +=
                "<text x=\"\(at)\" y=\"\(Int(low + 18))\" text-anchor=\"middle\">\(HTML.escape(xText(tick)))</text>"
        }
        let middle = (HTMLChart.left + HTMLChart.width - HTMLChart.right) / 2
        return svg
            + "<text class=\"axis\" x=\"\(Int(middle))\" y=\"\(Int(HTMLChart.height - 6))\" text-anchor=\"middle\">\(HTML.escape(xLabel))</text>"
    }

    private func draw(_ mark: Mark, _ axis: Axis) -> String {
        let at = px(min(max(mark.x, axis.low), axis.high), axis)
        let isLate = at > HTMLChart.width * 0.7
        return
            "<line class=\"mark\" x1=\"\(HTML.point(at))\" x2=\"\(HTML.point(at))\" y1=\"\(Int(HTMLChart.top))\" y2=\"\(Int(HTMLChart.height - HTMLChart.bottom))\"/>"
            + "<text class=\"mark\" x=\"\(HTML.point(at + (isLate ? -5 : 5)))\" y=\"\(Int(HTMLChart.top - 10))\" text-anchor=\"\(isLate ? "end" : "start")\">\(HTML.escape(mark.label))</text>"
    }

    private func draw(_ line: Series, _ x: Axis, _ y: Axis) -> String {
        let visible = line.points.filter { yScale == .linear || $0.y > 0 }
        let places = visible.map { (px($0.x, x), py($0.y, y)) }
        if line.isScatter {
            return places.map {
                "<circle class=\"\(line.style)\" cx=\"\(HTML.point($0.0))\" cy=\"\(HTML.point($0.1))\" r=\"4\"/>"
            }.joined()
        }
        let text = places.map { "\(HTML.point($0.0)),\(HTML.point($0.1))" }.joined(separator: " ")
        return "<polyline class=\"\(line.style)\" points=\"\(text)\"/>"
    }
}

/// One axis of a chart: where a value lies, and where its ticks are.
struct Axis {
    let low: Double
    let high: Double
    private let scale: HTMLChart.Scale

    /// Nil when there is nothing to show.
    /// - Parameter headroom: the share of the range left free above the highest value.
    init?(_ values: [Double], _ scale: HTMLChart.Scale, startsAtZero: Bool, headroom: Double) {
        guard var low = values.min(), var high = values.max() else { return nil }
        self.scale = scale
        if scale == .logarithmic {
            guard low > 0 else { return nil }
            if high < low * 1.01 {
                low /= 2
                high *= 2
            }
            if headroom > 0 {
                low /= 1.2
                high *= 1.2
            }
        } else {
            if startsAtZero { low = min(0, low) }
            if high <= low { high = low + 1 }
            high += (high - low) * headroom
        }
        self.low = low
        self.high = high
    }

    /// From 0 to 1.
    func place(_ value: Double) -> Double {
        switch scale {
        case .linear: (value - low) / (high - low)
        case .logarithmic: Axis.log10(value / low) / Axis.log10(high / low)
        }
    }

    /// Round values: 1, 2 or 5 times a power of ten.
    func ticks(count: Int) -> [Double] {
        switch scale {
        case .linear:
            let step = Axis.roundStep((high - low) / Double(count))
            let first = (low / step).rounded(.up)
            return (0...count * 2).map { (first + Double($0)) * step }.filter {
                $0 <= high * 1.0001
            }
        case .logarithmic:
            let decades = Axis.log10(high / low)
            let factors: [Double] = decades < 2 ? [1, 2, 5] : [1]
            let first = Int(Axis.log10(low).rounded(.down))
            let last = Int(Axis.log10(high).rounded(.up))
            let all = (first...last).flatMap { power in factors.map { $0 * Axis.power10(power) } }
            return all.filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
        }
    }

    private static func roundStep(_ step: Double) -> Double {
        let power = power10(Int(log10(step).rounded(.down)))
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= step * 0.999 } ?? step
    }

    private static func log10(_ value: Double) -> Double { Double.log(value) / Double.log(10) }

    private static func power10(_ exponent: Int) -> Double {
        var value = 1.0
        for _ in 0..<abs(exponent) { value *= 10 }
        return exponent < 0 ? 1 / value : value
    }
}
