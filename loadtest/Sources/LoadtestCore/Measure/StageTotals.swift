import Glibc

/// What the answers' `Server-Timing` fields add up to (W3C Server Timing, §2: `name;dur=milliseconds`).
struct StageTotals {
    struct Stage {
        let name: [UInt8]
        var durations = LatencyHistogram.latency()
    }

    private static let stageLimit = 16

    private(set) var stages: [Stage] = []
    private(set) var answerCount = 0

    /// - Parameter value: the field's value, as it came.
    mutating func take(_ value: UnsafeRawBufferPointer) {
        answerCount += 1
        var index = 0
        var expected = 0
        while index < value.count {
            while index < value.count, value[index] == 32 || value[index] == UInt8(ascii: ",") {
                index += 1
            }
            let start = index
            while index < value.count, value[index] != UInt8(ascii: ";"),
                value[index] != UInt8(ascii: ",")
            {
                index += 1
            }
            let name = UnsafeRawBufferPointer(rebasing: value[start..<index])
            let end = StageTotals.endOfMetric(value, index)
            if let nanoseconds = StageTotals.duration(value, index..<end) {
                add(name, nanoseconds, expected)
                expected += 1
            }
            index = end
        }
    }

    private static func endOfMetric(_ value: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var index = start
        while index < value.count, value[index] != UInt8(ascii: ",") { index += 1 }
        return index
    }

    /// The `dur` parameter, in nanoseconds.
    private static func duration(_ value: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64? {
        var index = range.lowerBound
        let key: StaticString = ";dur="
        while index + 5 <= range.upperBound {
            if memcmp(value.baseAddress! + index, key.utf8Start, 5) == 0 {
                return milliseconds(value, index + 5..<range.upperBound)
            }
            index += 1
        }
        return nil
    }

    private static func milliseconds(
        _ value: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> UInt64? {
        var whole: UInt64 = 0
        var unit: UInt64 = 1_000_000
        var isFraction = false
        for index in range {
            let byte = value[index]
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
                continue
            }
            let digit = UInt64(byte &- 48)
            guard digit < 10 else { break }
            if isFraction {
                unit /= 10
                whole += digit * unit
            } else {
                guard whole < 3_600_000 * 1_000_000 else { return nil }
                whole = whole * 10 + digit * 1_000_000
            }
        }
        return min(whole, LatencyHistogram.longest)
    }

    /// Servers name the stages in the same order each time, so the expected place is looked at first.
    private mutating func add(_ name: UnsafeRawBufferPointer, _ duration: UInt64, _ expected: Int) {
        if expected < stages.count, matches(name, expected) {
            stages[expected].durations.record(duration)
            return
        }
        for index in stages.indices where matches(name, index) {
            stages[index].durations.record(duration)
            return
        }
        guard stages.count < StageTotals.stageLimit, !name.isEmpty else { return }
        var stage = Stage(name: Array(name))
        stage.durations.record(duration)
        stages.append(stage)
    }

    private func matches(_ name: UnsafeRawBufferPointer, _ index: Int) -> Bool {
        let known = stages[index].name
        return known.count == name.count
            && known.withUnsafeBytes { memcmp($0.baseAddress!, name.baseAddress!, name.count) == 0 }
    }
}
