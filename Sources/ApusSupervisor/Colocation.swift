/// Whether a proxy and the workers that it prefers are kept on one processor, judged once a second.
///
/// For models that run in a few microseconds that pays: what passes between the two stays in the processor's caches,
/// and neither has to wake another processor for the other (figures: README, "How much does it carry?"). It does not
/// where somebody else wants that processor too, or where one is not enough for the two while others are idle: they are
/// let go then, and it is tried again after a while.
struct Colocation: Equatable {
    /// What the system has counted so far, in nanoseconds.
    struct Sample: Equatable {
        /// The clock.
        var at: UInt64
        /// The proxy ran, and it wanted to run while others did.
        var proxyRun: UInt64
        var proxyWait: UInt64
        /// Its workers ran, together.
        var workerRun: UInt64
        /// All processors that may be used did nothing, together; 0 where that is not told.
        var idle: UInt64
    }

    /// How long they are left to the system before it is tried again.
    static let restNanoseconds: UInt64 = 30_000_000_000
    /// Somebody else has the processor when the proxy waits so much longer than its workers run: a fifth of the time.
    static let strangerDivisor: UInt64 = 5
    /// One processor is full when they run so much of the time, and another one idle: nine tenths, and the half.
    static let fullTenths: UInt64 = 9
    static let idleDivisor: UInt64 = 2

    /// From the start on.
    private(set) var isTogether = true
    private var last: Sample?
    private var restsUntil: UInt64 = 0

    /// Takes what was counted until now.
    mutating func judge(_ sample: Sample) {
        guard isTogether else {
            isTogether = sample.at >= restsUntil
            return last = nil
        }
        defer { last = isTogether ? sample : nil }
        guard let last, sample.at > last.at else { return }
        let time = sample.at - last.at
        let wait = Self.growth(last.proxyWait, sample.proxyWait)
        let workerRun = Self.growth(last.workerRun, sample.workerRun)
        let run = Self.growth(last.proxyRun, sample.proxyRun) + workerRun
        let isDisturbed = wait > workerRun + time / Self.strangerDivisor
        let isTooMuch = run * 10 > time * Self.fullTenths
            && Self.growth(last.idle, sample.idle) > time / Self.idleDivisor
        guard isDisturbed || isTooMuch else { return }
        isTogether = false
        restsUntil = sample.at + Self.restNanoseconds
    }

    /// Another process counts from now on.
    mutating func processesChanged() { last = nil }

    private static func growth(_ before: UInt64, _ now: UInt64) -> UInt64 { now > before ? now - before : 0 }
}
