/// The date format of HTTP, such as `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
package enum HTTPDate {
    /// How long the text is, always.
    package static let byteCount = 29

    private static let days: StaticString = "ThuFriSatSunMonTueWed"
    private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

    /// Writes a date's 29 bytes.
    /// - Parameter seconds: since 1970-01-01 00:00:00 UTC; up to the end of the year 9999.
    package static func write(unixSeconds seconds: Int, into cursor: inout ByteCursor) {
        precondition((0...253_402_300_799).contains(seconds), "a date lies between 1970 and 9999")
        let (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let date = civil(day: day)
        cursor.append(three(days, day % 7))
        cursor.append(", ")
        cursor.append(digits: UInt(date.day), count: 2)
        cursor.append(UInt8(ascii: " "))
        cursor.append(three(months, date.month - 1))
        cursor.append(UInt8(ascii: " "))
        cursor.append(digits: UInt(date.year), count: 4)
        cursor.append(UInt8(ascii: " "))
        cursor.append(digits: UInt(second / 3600), count: 2)
        cursor.append(UInt8(ascii: ":"))
        cursor.append(digits: UInt(second / 60 % 60), count: 2)
        cursor.append(UInt8(ascii: ":"))
        cursor.append(digits: UInt(second % 60), count: 2)
        cursor.append(" GMT")
    }

    private static func three(_ names: StaticString, _ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(names)[(index * 3)..<(index * 3 + 3)])
    }

    /// The date of the day that is `day` days after 1970-01-01. Counts years from March, so that
    /// the leap day is a year's last (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
    /// civil_from_days).
    private static func civil(day: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (day + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
