/// How a worker's memory grows from glance to glance, and so how far below its limit it has to ask for a replacement.
///
/// A leak grows at every glance; a model that finds its size grows in steps, with rests between them. So the least of
/// the latest rates counts: one rest, and there is no hurry.
///
/// Times are nanoseconds of one monotonic clock.
struct Growth {
    /// What a replacement may take, from its fork to the last answer of the one that it replaces.
    static let replacementNanoseconds: UInt64 = 100_000_000
    /// Beyond this part of the limit a rate is no reason to ask early: a model may need that much.
    static let quarter = 4

    private let byteLimit: Int
    private var byteCount: Int?
    private var time: UInt64 = 0
    /// What the latest glances say that a replacement will take, at most as many bytes as `Int` holds.
    private var forecasts = (0, 0, 0)

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// Takes down what a glance found.
    mutating func saw(_ now: Int, at time: UInt64) {
        defer {
            byteCount = now
            self.time = time
        }
        guard let byteCount, time > self.time else { return }
        let grown = Double(max(0, now - byteCount))
        let forecast = grown * Double(Self.replacementNanoseconds) / Double(time - self.time)
        forecasts = (forecasts.1, forecasts.2, Int(min(forecast, Double(byteLimit))))
    }

    /// How many bytes it will grow until it is replaced, as far as that is a reason to ask early.
    var margin: Int { min(forecasts.0, forecasts.1, forecasts.2, byteLimit / Self.quarter) }
}
