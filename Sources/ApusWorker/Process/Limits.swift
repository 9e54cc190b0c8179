/// The limits of templates and workers that nobody sets.
enum Limits {
    /// How long a fork may take until the worker's number is known. A fork of a template of many gigabytes copies
    /// page tables only: some 10 ms.
    static let forkNanoseconds: UInt64 = 10_000_000_000
    /// How long the self-test may take. Runs of a large network take seconds each, and it makes some thirty.
    static let selfTestNanoseconds: UInt64 = 300_000_000_000
    /// How long single-row runs are repeated to find their median, and how often at most.
    static let measureNanoseconds: UInt64 = 50_000_000
    static let measureCount = 31
    /// How long a reload that somebody asked for waits for those who write to the model's files.
    static let writerNanoseconds: UInt64 = 60_000_000_000
    /// How often a worker tells the supervisor what it counted.
    static let reportNanoseconds: Int64 = 1_000_000_000
    /// After how long without a request a worker looks what it has left to tell.
    static let restNanoseconds: Int64 = 1_000_000_000
    /// After how long, between two runs of a turn, a worker looks whose clients have gone.
    static let lookNanoseconds: UInt64 = 1_000_000
    /// Links of one worker: proxies, those of the generation before, and probing tools.
    static let linkCount = 256
}
