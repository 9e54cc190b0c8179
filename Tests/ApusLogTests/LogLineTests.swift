import ApusLog
import Logging
import Testing

@Suite("Log lines")
struct LogLineTests {
    static let time = Timestamp(secondsSince1970: 1_795_421_194, milliseconds: 123)

    static func line(
        _ format: LogFormat, _ message: String, _ metadata: Logger.Metadata = [:], level: Logger.Level = .info
    ) -> String {
        LogLine(time: time, level: level, role: "proxy[0]", message: message, metadata: metadata).text(format)
    }

    @Test("text for people: time, level, role, message, metadata by key")
    func text() {
        let line = Self.line(.text, "model loaded", ["version": "1", "model": "iris"])
        #expect(line == "2026-11-23T08:06:34.123Z info  proxy[0] model loaded model=iris version=1\n")
    }

    @Test("JSON for collectors has the same, each as a member")
    func json() {
        let line = Self.line(.json, "model loaded", ["version": "1", "model": "iris"], level: .error)
        #expect(line == #"{"time":"2026-11-23T08:06:34.123Z","level":"error","role":"proxy[0]","#
            + #""message":"model loaded","model":"iris","version":"1"}"# + "\n")
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let value: Logger.MetadataValue
        let text: String
        let json: String
    }

    @Test("a value is quoted when a reader could not tell its end", arguments: [
        Row(testDescription: "a word", value: "a/b-c.d:1", text: "a/b-c.d:1", json: #""a/b-c.d:1""#),
        Row(testDescription: "nothing", value: "", text: #""""#, json: #""""#),
        Row(testDescription: "a space", value: "a b", text: #""a b""#, json: #""a b""#),
        Row(testDescription: "a quote", value: #"a"b"#, text: #""a\"b""#, json: #""a\"b""#),
        Row(testDescription: "an equals sign", value: "a=b", text: #""a=b""#, json: #""a=b""#),
        Row(testDescription: "a backslash", value: #"a\b"#, text: #""a\\b""#, json: #""a\\b""#),
        Row(testDescription: "a line break", value: "a\nb", text: #""a\nb""#, json: #""a\nb""#),
        Row(testDescription: "CR LF, which Swift counts as one character", value: "a\r\nb", text: #""a\r\nb""#, json: #""a\r\nb""#),
        Row(testDescription: "an escape of a terminal", value: "\u{1b}[2J", text: #""\u001b[2J""#, json: #""\u001b[2J""#),
        Row(testDescription: "a line separator", value: "a\u{2028}b", text: #""a\u2028b""#, json: #""a\u2028b""#),
        Row(testDescription: "other letters", value: "Größe", text: #""Größe""#, json: #""Größe""#),
        Row(testDescription: "a number", value: .stringConvertible(7), text: "7", json: #""7""#),
        Row(testDescription: "a list", value: ["a", "b c"], text: #"["a","b c"]"#, json: #"["a","b c"]"#),
        Row(testDescription: "a mapping", value: ["b": "2", "a": "1"], text: #"{"a":"1","b":"2"}"#, json: #"{"a":"1","b":"2"}"#),
    ])
    func values(_ row: Row) {
        #expect(Self.line(.text, "m", ["k": row.value]).hasSuffix(" m k=\(row.text)\n"))
        #expect(Self.line(.json, "m", ["k": row.value]).hasSuffix(#""message":"m","k":\#(row.json)}"# + "\n"))
    }

    @Test("a message cannot forge a second line", arguments: LogFormat.allCases)
    func oneLine(_ format: LogFormat) {
        let line = Self.line(format, "a\n2026-11-23T08:06:34.123Z error forged\r\n")
        #expect(line.utf8.filter { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.count == 1)
        #expect(line.hasSuffix("\n"))
    }

    @Test("metadata cannot take the place of a line's own members")
    func taken() {
        #expect(Self.line(.json, "m", ["level": "x"]).hasSuffix(#""message":"m","level_":"x"}"# + "\n"))
    }
}

@Suite("Timestamps")
struct TimestampTests {
    @Test("the calendar has its leap years", arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.000Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"), (951_868_800, "2000-03-01T00:00:00.000Z"),
        (1_709_251_199, "2024-02-29T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        (4_107_542_399, "2100-02-28T23:59:59.000Z"), (253_402_300_799, "9999-12-31T23:59:59.000Z"),
    ])
    func known(_ seconds: Int, _ wanted: String) {
        #expect(Timestamp(secondsSince1970: seconds).text == wanted)
    }

    @Test("each day is the one after the day before, for 900 years")
    func everyDay() {
        var last = CivilDate(daysSince1970: -146_097)
        for days in (-146_096)...182_621 {
            let date = CivilDate(daysSince1970: days)
            let leap = last.year % 4 == 0 && (last.year % 100 != 0 || last.year % 400 == 0)
            let length = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][last.month - 1]
            let next =
                last.day < length
                ? (last.year, last.month, last.day + 1)
                : last.month < 12 ? (last.year, last.month + 1, 1) : (last.year + 1, 1, 1)
            if (date.year, date.month, date.day) != next {
                Issue.record("day \(days) is \(date)")
                return
            }
            last = date
        }
    }
}
