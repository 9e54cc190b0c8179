import Glibc

/// What a worker has done and what memory it holds, against the limits after which it is replaced.
///
/// Times are nanoseconds of the monotonic clock.
struct Wear {
    /// How often the cheap figure is read while there is work. It takes 2 µs; the kernel gives a process some MiB of
    /// fresh pages in a millisecond.
    private static let glanceNanoseconds: UInt64 = 1_000_000
    /// The exact figure takes part in so much of the time at most, as its cost is a walk over the page tables: when
    /// nothing asks for it, and when the cheap figure does.
    private static let lookCostFactor: UInt64 = 200
    private static let urgentCostFactor: UInt64 = 10
    private static let lookNanoseconds: UInt64 = 1_000_000_000

    enum Finding: Equatable {
        case sound
        /// It should be replaced.
        case worn
        /// It holds more than it may, and should be given nothing more to do.
        case overLimit
    }

    private let byteLimit: Int
    private let requestLimit: Int
    private var requestCount = 0
    private var nextGlance: UInt64
    private var nextLook: UInt64
    private var nextUrgentLook: UInt64
    private var growth: Growth
    /// What was found, and need not be looked for any more.
    private var found = Finding.sound
    /// At the last exact look.
    private var privateByteCount = 0
    private var anonymousByteCount = 0

    /// - Parameters:
    ///   - byteLimit: of memory that only this process holds; 0 is no limit.
    ///   - requestLimit: of answered requests, give or take a tenth, so that workers of one age do not go at one time.
    init(byteLimit: Int, requestLimit: Int, at now: UInt64) {
        self.byteLimit = byteLimit
        let tenth = requestLimit / 10
        self.requestLimit = requestLimit + (tenth > 0 ? .random(in: -tenth...tenth) : 0)
        nextGlance = now
        nextLook = now
        nextUrgentLook = now
        growth = Growth(byteLimit: byteLimit)
    }

    var isLimited: Bool { byteLimit > 0 || requestLimit > 0 }

    /// Looks at this worker after a turn.
    /// - Returns: what is new since the last time, else nil.
    mutating func finding(afterAnswering count: Int, at now: UInt64) -> Finding? {
        requestCount += count
        switch found {
        case .sound where requestLimit > 0 && requestCount >= requestLimit: found = .worn
        case .sound, .worn: guard byteLimit > 0, now >= nextGlance, weigh(at: now) else { return nil }
        case .overLimit: return nil
        }
        return found
    }

    /// - Returns: whether something new was found.
    private mutating func weigh(at now: UInt64) -> Bool {
        nextGlance = now + Self.glanceNanoseconds
        let anonymous = ProcessMemory.anonymousByteCount()
        growth.saw(anonymous, at: now)
        let threshold = byteLimit - (found == .sound ? growth.margin : 0)
        let estimate = privateByteCount + max(0, anonymous - anonymousByteCount)
        guard now >= nextLook || estimate > threshold && now >= nextUrgentLook else { return false }
        privateByteCount = ProcessMemory.privateByteCount()
        anonymousByteCount = anonymous
        let cost = MonotonicClock.now() &- now
        nextLook = now + max(Self.lookNanoseconds, cost * Self.lookCostFactor)
        nextUrgentLook = now + cost * Self.urgentCostFactor
        guard privateByteCount > threshold else { return false }
        found = privateByteCount > byteLimit ? .overLimit : .worn
        return true
    }
}

/// What the kernel says of this process's memory. 0 where it says nothing.
enum ProcessMemory {
    /// Bytes that are in no file: cheap, but what is still shared with the template counts too.
    static func anonymousByteCount() -> Int {
        withText(of: "/proc/self/statm", byteCount: 128) { text in
            let fields = text.split(separator: UInt8(ascii: " ")).map(number)
            return fields.count > 2 ? max(0, fields[1] - fields[2]) * Int(getpagesize()) : 0
        }
    }

    /// Bytes that only this process holds (proc(5), "smaps_rollup": Private_Clean and Private_Dirty).
    static func privateByteCount() -> Int {
        withText(of: "/proc/self/smaps_rollup", byteCount: 4096) { text in
            var kibibytes = 0
            for line in text.split(separator: UInt8(ascii: "\n")) where line.starts(with: "Private_".utf8) {
                kibibytes += number(line.drop { !isDigit($0) }.prefix(while: isDigit))
            }
            return kibibytes * 1024
        }
    }

    private static func withText(of path: String, byteCount: Int, _ body: (ArraySlice<UInt8>) -> Int) -> Int {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let count = read(file, &bytes, byteCount)
        return count > 0 ? body(bytes[..<count]) : 0
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        digits.reduce(0) { isDigit($1) ? $0 * 10 + Int($1 - UInt8(ascii: "0")) : $0 }
    }
}
