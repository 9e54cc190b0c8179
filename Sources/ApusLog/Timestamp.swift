import Glibc

/// A moment of the wall clock, to the millisecond, in UTC.
///
/// It is for people who read logs and answers; deadlines use the monotonic clock.
package struct Timestamp: Equatable, Sendable {
    package let secondsSince1970: Int
    package let milliseconds: Int

    /// - Parameter milliseconds: 0 to 999.
    package init(secondsSince1970: Int, milliseconds: Int = 0) {
        precondition((0..<1000).contains(milliseconds), "a second has milliseconds 0 to 999")
        self.secondsSince1970 = secondsSince1970
        self.milliseconds = milliseconds
    }

    /// What `CLOCK_REALTIME` says now.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)  // cannot fail for this clock
        return Timestamp(secondsSince1970: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
    }

    /// `2026-11-23T08:06:34.123Z` (RFC 3339 §5.6).
    package var text: String {
        let date = CivilDate(daysSince1970: floorDivide(secondsSince1970, 86_400))
        let second = secondsSince1970 - floorDivide(secondsSince1970, 86_400) * 86_400
        return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))"
            + "T\(digits(second / 3600, 2)):\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2))"
            + ".\(digits(milliseconds, 3))Z"
    }
}

/// A day of the Gregorian calendar, also before its introduction.
package struct CivilDate: Equatable, Sendable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    /// The calendar repeats every 400 years, which are 146,097 days. Counting each year from 1 March
    /// puts the leap day at its end, so that a month's first day is a linear function of the month.
    package init(daysSince1970 days: Int) {
        let sinceMarch0 = days + 719_468  // from 0000-03-01
        let era = floorDivide(sinceMarch0, 146_097)
        let dayOfEra = sinceMarch0 - era * 146_097
        let leapDays = dayOfEra / 1460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthSinceMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthSinceMarch + 2) / 5 + 1
        month = monthSinceMarch < 10 ? monthSinceMarch + 3 : monthSinceMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

private func floorDivide(_ dividend: Int, _ divisor: Int) -> Int {
    dividend >= 0 ? dividend / divisor : (dividend - divisor + 1) / divisor
}

private func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
