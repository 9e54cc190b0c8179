/// All that an invocation may ask for. The command line and scenario files have the same names.
package struct Options: Sendable {
    /// A rate as it was asked for.
    package enum Rate: Equatable, Sendable {
        case perSecond(Double)
        /// So many times what a closed loop gets from the server.
        case timesCapacity(Double)
    }

    package var url = ""
    package var load = Load()
    package var rate: Rate?
    package var isPoisson = false
    /// Given by the user; without a rate or an objective it means a closed loop.
    package var connections: Int?

    package var objective: Objective?
    package var search = Search.Settings()
    /// How long a window of a search is. Nanoseconds.
    package var window: UInt64 = 2_000_000_000
    package var wantedRate: Double?
    package var sweep: Sweep?
    /// Nil is the default rule of `Validity`.
    package var lagLimit: UInt64?

    package var models: [(name: String, weight: Int)] = []
    package var mlmodel: String?
    package var format: RequestFormat?
    package var rowCounts = [1]
    package var filling = Payload.Filling.random
    package var requestFile: String?
    /// How many different requests are made up.
    package var distinctCount = 64
    package var method: String?
    package var body: String?
    package var headers: [String] = []
    package var usesGzip = false

    package var checksAnswers = true
    package var tolerance = Tolerance()
    package var allowsNonFinite = false
    package var goldenFile: String?
    package var goldenOutput: String?
    package var compareURL: String?

    package var processID: Int?
    package var metricsPath: String? = "/metrics"
    package var faults: [Run.Fault] = []

    package var isQuiet = false
    package var jsonFile: String?
    package var histogramFile: String?
    package var csvFile: String?
    package var htmlFile: String?
    package var arguments: [String] = []

    package init() {}

    /// Asks for the highest rate that holds the objective: many short runs.
    package var isSearch: Bool { objective != nil && rate == nil && sweep == nil }
}

/// The grid of a sweep: every combination is run once.
package struct Sweep: Equatable, Sendable {
    package var rates: [Double] = []
    package var rowCounts: [Int] = []
    package var connections: [Int] = []

    /// Reads `rate=100,200;rows=1,8;connections=16,64`.
    /// - Throws: naming the part that cannot be read, or the value that is not allowed.
    package init(_ text: String) throws(UsageError) {
        let parts = text.split(separator: ";")
        guard !parts.isEmpty else { throw Sweep.unreadable(text) }
        for part in parts {
            let sides = part.filter { $0 != " " }.split(separator: "=", maxSplits: 1)
            let values = sides.last?.split(separator: ",").map(String.init) ?? []
            guard sides.count == 2, !values.isEmpty else { throw Sweep.unreadable(String(part)) }
            try take(String(sides[0]), values)
        }
    }

    private mutating func take(_ name: String, _ values: [String]) throws(UsageError) {
        switch name {
        case "rate":
            rates = try values.map { (text) throws(UsageError) in
                try Limits.check(rate: Quantity.count(text), "rate=\(text) in --sweep")
            }
        case "rows": rowCounts = try Sweep.whole(values, in: Limits.rowCount, name)
        case "connections":
            connections = try Sweep.whole(values, in: Limits.connectionCount, name)
        default: throw Sweep.unreadable("\(name)=\(values.joined(separator: ","))")
        }
    }

    private static func whole(
        _ values: [String], in range: ClosedRange<Int>, _ name: String
    ) throws(UsageError) -> [Int] {
        try values.map { (text) throws(UsageError) in
            let value = Quantity.count(text).flatMap { Int(exactly: $0) }
            return try Limits.check(value, in: range, "\(name)=\(text) in --sweep")
        }
    }

    private static func unreadable(_ part: String) -> UsageError {
        UsageError(
            "cannot read \"\(part)\" in --sweep; write it as 'rate=100,200;rows=1,8;connections=16,64'"
        )
    }
}

extension Run.Fault {
    /// Reads `5s: COMMAND`.
    package init(_ text: String, option: String) throws(UsageError) {
        guard let colon = text.firstIndex(of: ":"), let at = Quantity.nanoseconds(text[..<colon])
        else {
            throw UsageError("cannot read \"\(text)\" in \(option); write it as '5s: COMMAND'")
        }
        let command = text[text.index(after: colon)...].drop { $0 == " " }
        guard !command.isEmpty else { throw UsageError("\(option) '\(text)' has no command") }
        self.init(at: at, command: String(command))
    }
}
